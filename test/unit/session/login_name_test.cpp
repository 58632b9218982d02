#include "session/login_name.hpp"

#include <catch2/catch.hpp>

using sessiongate::session::parse_login_name;

namespace {

void check(std::string_view text, std::string_view user, std::string_view tenant, std::string_view cluster) {
  INFO(text);
  const auto name = parse_login_name(text);
  CHECK(name.user == user);
  CHECK(name.tenant == tenant);
  CHECK(name.cluster == cluster);
}

}  // namespace

TEST_CASE("a login name has a user and perhaps labels") {
  check("app", "app", "", "");
  check("root@sys#obdemo", "root", "sys", "obdemo");
  check("root@sys", "root", "sys", "");
  check("root#obdemo", "root", "", "obdemo");
  check("obdemo:sys:root", "root", "sys", "obdemo");
  check("", "", "", "");
}

TEST_CASE("the last separators count, so that a user name may contain them") {
  check("jo@example.org@sys#c", "jo@example.org", "sys", "c");
  check("a#b@t#c", "a#b", "t", "c");
  check("c:t:user:name", "user:name", "t", "c");
  check("a:b", "a:b", "", "");
}

TEST_CASE("odd names are names") {
  check("@", "", "", "");
  check("#", "", "", "");
  check("::", "", "", "");
  check("user@", "user", "", "");
}
