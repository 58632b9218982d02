#include "admin/like_pattern.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sessiongate::admin {
namespace {

TEST_CASE("a pattern matches the whole text", "[admin][like_pattern]") {
  CHECK(matches_like("app", "app"));
  CHECK(matches_like("app", "a%"));
  CHECK(matches_like("app", "%p"));
  CHECK(matches_like("app", "%"));
  CHECK(matches_like("", "%"));
  CHECK(matches_like("app", "_p_"));
  CHECK(matches_like("app", "a%p%p"));
  CHECK_FALSE(matches_like("app", "ap"));
  CHECK_FALSE(matches_like("app", "pp"));
  CHECK_FALSE(matches_like("app", "____"));
  CHECK_FALSE(matches_like("", "_"));
  CHECK_FALSE(matches_like("App", "app"));
}

TEST_CASE("a run may be taken back", "[admin][like_pattern]") {
  CHECK(matches_like("aXbXc", "a%Xc"));
  CHECK(matches_like("mississippi", "%iss%ip_i"));
  CHECK_FALSE(matches_like("mississippi", "%iss%ipp"));
}

TEST_CASE("a backslash takes what follows as it is", "[admin][like_pattern]") {
  CHECK(matches_like("100%", "100\\%"));
  CHECK_FALSE(matches_like("1000", "100\\%"));
  CHECK(matches_like("a_b", "a\\_b"));
  CHECK_FALSE(matches_like("axb", "a\\_b"));
  CHECK(matches_like("a\\b", "a\\\\b"));
}

TEST_CASE("an empty pattern matches all", "[admin][like_pattern]") {
  CHECK(matches_like("app", ""));
  CHECK(matches_like("", ""));
}

TEST_CASE("many runs do not take forever", "[admin][like_pattern]") {
  std::string pattern;
  for (int run = 0; run < 64; ++run) pattern += "%a";
  CHECK_FALSE(matches_like(std::string(4096, 'a'), pattern + "%b"));
}

}  // namespace
}  // namespace sessiongate::admin
