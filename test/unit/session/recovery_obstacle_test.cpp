#include "session/recovery_obstacle.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace sessiongate::session;

TEST_CASE("recovery obstacles: each has a word and an explanation of its own") {
  std::set<std::string> words;
  std::set<std::string> explanations;
  for (std::uint8_t each = 0; each < recovery_obstacle_count; ++each) {
    const auto obstacle = static_cast<recovery_obstacle>(each);
    const std::string word(to_text(obstacle));
    CHECK(std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
    CHECK(words.insert(word).second);
    CHECK(explanations.insert(std::string(explain(obstacle))).second);
  }
}

TEST_CASE("recovery obstacles: the words follow the enumeration") {
  CHECK(to_text(recovery_obstacle::none) == "none");
  CHECK(explain(recovery_obstacle::none).empty());
  CHECK(to_text(recovery_obstacle::statement_running) == "statement_running");
  CHECK(to_text(recovery_obstacle::open_transaction) == "open_transaction");
  CHECK(explain(recovery_obstacle::open_transaction) == "a transaction was open");
  CHECK(to_text(recovery_obstacle::text_prepared) == "text_prepared");
  CHECK(to_text(recovery_obstacle::prepared_elsewhere) == "prepared_elsewhere");
  CHECK(to_text(recovery_obstacle::no_credentials) == "no_credentials");
  CHECK(to_text(recovery_obstacle::state_differs) == "state_differs");
}

TEST_CASE("the count of recovery obstacles leaves none out") {
  CHECK(static_cast<std::uint8_t>(recovery_obstacle::state_differs) + 1 == recovery_obstacle_count);
}
