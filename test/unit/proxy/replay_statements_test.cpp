#include "proxy/replay_statements.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sessiongate::proxy;
using kind = user_variable::kind;

namespace {

std::string setting_of(user_variable variable) {
  const auto statements = user_variable_settings({std::move(variable)}, 1U << 20U);
  REQUIRE(statements.size() == 1);
  return statements.front();
}

}  // namespace

TEST_CASE("replay statements: numbers keep their types") {
  CHECK(setting_of({"a", kind::integer, "-9223372036854775808", "", ""}) == "SET @`a` = -9223372036854775808");
  CHECK(setting_of({"a", kind::unsigned_integer, "5", "", ""}) == "SET @`a` = CAST(5 AS UNSIGNED)");
  CHECK(setting_of({"a", kind::decimal, "1.50", "", ""}) == "SET @`a` = 1.50");
  CHECK(setting_of({"a", kind::decimal, "5", "", ""}) == "SET @`a` = 5.");
  CHECK(setting_of({"a", kind::real, "5", "", ""}) == "SET @`a` = 5e0");
  CHECK(setting_of({"a", kind::real, "-1.5e-300", "", ""}) == "SET @`a` = -1.5e-300");
  CHECK(setting_of({"a", kind::real, "-0", "", ""}) == "SET @`a` = -1e0 * 0e0");
}

TEST_CASE("replay statements: texts are ASCII whatever is in them") {
  CHECK(setting_of({"a", kind::text, "\xF0\x9F\x98\x80'", "utf8mb4", "utf8mb4_bin"}) ==
        "SET @`a` = _utf8mb4 X'F09F988027' COLLATE utf8mb4_bin");
  CHECK(setting_of({"a", kind::text, std::string("\0\xFF", 2), "binary", "binary"}) == "SET @`a` = _binary X'00FF'");
  CHECK(setting_of({"a", kind::text, "", "latin1", "latin1_bin"}) == "SET @`a` = _latin1 X'' COLLATE latin1_bin");
  CHECK(setting_of({"a`b c", kind::integer, "1", "", ""}) == "SET @`a``b c` = 1");
}

TEST_CASE("replay statements: NULL keeps the type that the variable had") {
  CHECK(setting_of({"a", kind::integer, std::nullopt, "", ""}) == "SET @`a` = 0, @`a` = NULL");
  CHECK(setting_of({"a", kind::real, std::nullopt, "", ""}) == "SET @`a` = 0e0, @`a` = NULL");
  CHECK(setting_of({"a", kind::text, std::nullopt, "ucs2", "ucs2_bin"}) ==
        "SET @`a` = _ucs2 X'' COLLATE ucs2_bin, @`a` = NULL");
}

TEST_CASE("replay statements: several in one, and no statement above the limit") {
  const std::vector<user_variable> two{{"a", kind::integer, "1", "", ""}, {"b", kind::integer, "2", "", ""}};
  CHECK(user_variable_settings(two, 1000) == std::vector<std::string>{"SET @`a` = 1, @`b` = 2"});
  CHECK(user_variable_settings(two, 16) == std::vector<std::string>{"SET @`a` = 1", "SET @`b` = 2"});
  CHECK(user_variable_settings({}, 1000).empty());

  const std::size_t limit = 1000;
  std::vector<user_variable> many;
  for (int each = 0; each < 50; ++each) {
    many.push_back({"v" + std::to_string(each), kind::text, std::string(static_cast<std::size_t>(each) * 20, 'x'),
                    "latin1", "latin1_bin"});
  }
  const auto statements = user_variable_settings(many, limit);
  CHECK(std::ranges::all_of(statements, [](const std::string& each) { return each.size() <= limit; }));
}

TEST_CASE("replay statements: a text that is too long for one comes in pieces") {
  const auto statements =
      user_variable_settings({{"a", kind::text, std::string(300, 'x'), "utf8mb4", "utf8mb4_bin"}}, 768);
  REQUIRE(statements.size() == 5);
  CHECK(statements[0] == "SET @`a` = _binary X''");
  CHECK(statements[1].starts_with("SET @`a` = CONCAT(@`a`, _binary X'7878"));
  CHECK(statements[4] == "SET @`a` = CONVERT(@`a` USING utf8mb4) COLLATE utf8mb4_bin");
}

TEST_CASE("replay statements: system variables") {
  CHECK(system_assignment({"sql_mode", "ANSI"}) == "SESSION sql_mode = _utf8mb4 X'414E5349'");
  CHECK(system_assignment({"sql_mode", ""}) == "SESSION sql_mode = ''");
  CHECK(system_assignment({"character_set_results", std::nullopt}) == "SESSION character_set_results = NULL");
  CHECK(system_assignment({"sort_buffer_size", "1024", true}) == "SESSION sort_buffer_size = 1024");
  CHECK(system_assignment({"odd", "1024", true}, true) == "SESSION odd = _utf8mb4 X'31303234'");
}
