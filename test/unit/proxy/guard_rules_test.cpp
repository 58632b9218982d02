#include "proxy/guard_rules.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate;
using namespace sessiongate::proxy;
using namespace std::chrono_literals;

namespace {

guard_rules read(std::string_view text) {
  auto parsed = parse_guard_rules(text);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) FAIL(*wrong);
  return std::get<guard_rules>(parsed);
}

std::string wrong_with(std::string_view text) {
  const auto parsed = parse_guard_rules(text);
  REQUIRE(std::holds_alternative<std::string>(parsed));
  return std::get<std::string>(parsed);
}

session::identity somebody(std::string user, std::string tenant = "t1", std::string cluster = "c1") {
  return {.user = std::move(user), .tenant = std::move(tenant), .cluster = std::move(cluster), .attributes = {}};
}

}  // namespace

TEST_CASE("no text is no rule") {
  CHECK(read("").empty());
  CHECK(read("[]").empty());
  CHECK(to_text(guard_rules{}).empty());
}

TEST_CASE("a rule has patterns and limits") {
  const auto rules = read(R"([{"user": "report%", "tenant": "t1", "max_statement_time": "30s", "idle_timeout": 5}])");
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].matches(somebody("report_1")));
  CHECK_FALSE(rules[0].matches(somebody("app")));
  CHECK_FALSE(rules[0].matches(somebody("report_1", "t2")));
  CHECK(rules[0].matches(somebody("report", "t1", "any")));
  CHECK(rules[0].limits[static_cast<std::size_t>(guard::statement_time)] == 30s);
  CHECK(rules[0].limits[static_cast<std::size_t>(guard::idle)] == 5s);
  CHECK_FALSE(rules[0].limits[static_cast<std::size_t>(guard::session_age)]);
}

TEST_CASE("an empty pattern is the empty name alone") {
  const auto rules = read(R"([{"tenant": "", "max_session_age": "1m"}])");
  CHECK(rules[0].matches(somebody("app", "")));
  CHECK_FALSE(rules[0].matches(somebody("app", "t1")));
}

TEST_CASE("the first rule that matches counts, and what it does not say is as for all") {
  const auto rules = read(R"([{"user": "batch", "max_statement_time": "0s"}, {"max_statement_time": "1s",
                              "max_transaction_time": "2s"}])");
  guard_limits for_all;
  for_all[guard::statement_time] = 10s;
  for_all[guard::idle] = 60s;
  const auto batch = limits_of(somebody("batch"), for_all, rules);
  CHECK_FALSE(batch.has(guard::statement_time));
  CHECK(batch[guard::idle] == 60s);
  CHECK_FALSE(batch.has(guard::transaction_time));
  const auto other = limits_of(somebody("app"), for_all, rules);
  CHECK(other[guard::statement_time] == 1s);
  CHECK(other[guard::transaction_time] == 2s);
  CHECK(limits_of(somebody("app"), for_all, {}) == for_all);
}

TEST_CASE("what is shown is read as the same rules") {
  const auto rules = read(R"([{"user": "a\"b%", "cluster": "c", "idle_in_transaction_timeout": "1500ms"}, {}])");
  CHECK(read(to_text(rules)) == rules);
}

TEST_CASE("what is no list of rules is told with its place") {
  CHECK(wrong_with("x") == "must be a JSON list of rules");
  CHECK(wrong_with("{}") == "must be a JSON list of rules");
  CHECK(wrong_with("[1]") == "rule 1: must be a list of objects");
  CHECK(wrong_with(R"([{}, {"usr": "x"}])") == R"(rule 2: there is no "usr" in a rule)");
  CHECK(wrong_with(R"([{"user": 5}])") == R"(rule 1: "user" must be a text)");
  CHECK(wrong_with(R"([{"max_session_age": "long"}])") ==
        R"(rule 1: "max_session_age" must be a duration: 500ms, 10s or 2m)");
  CHECK(wrong_with(R"([{"max_session_age": -1}])") ==
        R"(rule 1: "max_session_age" must be a duration: 500ms, 10s or 2m)");
  std::string many = "[{}";
  for (std::size_t count = 0; count < guard_rules_max; ++count) many += ",{}";
  CHECK(wrong_with(many + "]") == "must be at most 1000 rules");
}
