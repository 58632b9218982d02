#include "admin/predicate.hpp"

#include "admin/query_parser.hpp"
#include "admin/table_query.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <vector>

namespace sessiongate::admin {
namespace {

constexpr std::array<column, 5> columns{{
    {.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "wide", .type = value_type::wide_id},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "db", .sql_null = "NULL"},
    {.json_name = "running", .type = value_type::boolean},
}};

const std::vector<cell> row{std::int64_t{-5}, std::uint64_t{18446744073709551615U}, std::string("app_1"), cell(), true};

bool matches(std::string_view text) {
  CAPTURE(text);
  const auto read = parse_predicate(text);
  if (const auto* wrong = std::get_if<failure>(&read)) FAIL(wrong->message);
  const auto bound = row_filter::bind(std::get<predicate>(read), columns);
  if (const auto* wrong = std::get_if<failure>(&bound)) FAIL(wrong->message);
  return std::get<row_filter>(bound).matches(row);
}

failure bind_failure(std::string_view text) {
  const auto bound = row_filter::bind(std::get<predicate>(parse_predicate(text)), columns);
  REQUIRE(std::holds_alternative<failure>(bound));
  return std::get<failure>(bound);
}

TEST_CASE("numbers compare as numbers", "[admin][predicate]") {
  for (const auto* text : {"Id = -5",
                           "id = '-5'",
                           "Id < -4",
                           "Id < 0",
                           "Id <= -5.0",
                           "Id > -5.5",
                           "Id >= -5",
                           "Id != 5",
                           "Id <> -6",
                           "Id IN (1, -5)",
                           "Id NOT IN (5, '6')",
                           "wide = 18446744073709551615",
                           "wide > 18446744073709551614",
                           "wide > 9223372036854775807",
                           "running = 1",
                           "running = TRUE",
                           "running = 'true'",
                           "running > FALSE",
                           "Id LIKE '-_'",
                           "CS_ID = -5"}) {
    CHECK(matches(text));
  }
  for (const auto* text : {"Id = 5", "Id > -5", "Id IN (1, 2)", "Id NOT IN (-5)", "wide < 18446744073709551615",
                           "wide = 18446744073709551614", "running = 0", "running = 'false'", "Id NOT LIKE '-5'"}) {
    CHECK_FALSE(matches(text));
  }
}

TEST_CASE("text compares byte by byte", "[admin][predicate]") {
  for (const auto* text :
       {"User = 'app_1'", "user > 'app'", "User < 'b'", "User >= 'app_1'", "User LIKE 'app%'", "User LIKE 'app\\_%'",
        "User NOT LIKE 'a'", "User != 'APP_1'", "User IN ('x', 'app_1')", "`User` = \"app_1\""}) {
    CHECK(matches(text));
  }
  CHECK_FALSE(matches("User = 'APP_1'"));
  CHECK_FALSE(matches("User LIKE 'app\\%%'"));
}

TEST_CASE("NULL is found by IS NULL, and by the text that stands for it", "[admin][predicate]") {
  CHECK(matches("db IS NULL"));
  CHECK_FALSE(matches("db IS NOT NULL"));
  CHECK(matches("db = 'NULL'"));
  CHECK(matches("db != 'shop'"));
  CHECK_FALSE(matches("db = ''"));
  constexpr std::array<column, 1> plain{{{.sql_name = "a"}}};
  const std::vector<cell> null{cell()};
  for (const auto* text : {"a = 'NULL'", "a != 'x'", "a NOT IN ('x')", "a LIKE '%'", "a NOT LIKE 'x'", "a < 'x'"}) {
    CAPTURE(text);
    const auto filter = row_filter::bind(std::get<predicate>(parse_predicate(text)), plain);
    CHECK_FALSE(std::get<row_filter>(filter).matches(null));
  }
}

TEST_CASE("all comparisons have to hold", "[admin][predicate]") {
  CHECK(matches("Id = -5 AND User = 'app_1' AND running = 1"));
  CHECK_FALSE(matches("Id = -5 AND User = 'app_2'"));
}

TEST_CASE("what cannot be compared is told", "[admin][predicate]") {
  CHECK(bind_failure("nope = 1").code == 1054);
  CHECK(bind_failure("nope = 1").sqlstate == "42S22");
  CHECK(bind_failure("`a``b` = 1").message == "Unknown column 'a`b' in 'where clause'");
  for (const auto* text : {"Id = 'x'", "Id = ''", "Id > '5 '", "Id IN (1, '1x')", "running = 'yes'", "wide = 'nan'",
                           "wide = 'inf'", "Id = '0x5'", "Id = '1e3'"}) {
    CAPTURE(text);
    CHECK(bind_failure(text).code == 1292);
  }
}

TEST_CASE("a predicate is read again as it is written", "[admin][predicate]") {
  for (const auto* text : {"`Id` = 5", "`User` = 'it''s'", "`User` LIKE 'a\\\\\\\\%'", "`a b` IS NULL",
                           "`x` NOT IN (1, 'b', -2.5)", "`x` >= '' AND `y` IS NOT NULL"}) {
    CAPTURE(text);
    CHECK(to_text(std::get<predicate>(parse_predicate(text))) == text);
  }
  CHECK(to_text(predicate{}).empty());
}

TEST_CASE("rows are filtered, sorted and cut", "[admin][table_query]") {
  table rows{.json_name = "x",
             .columns = {{.sql_name = "n", .type = value_type::signed_integer}, {.sql_name = "t"}},
             .rows = {},
             .total = 0};
  for (const auto& [number, text] : {std::pair{3, "c"}, {10, "a"}, {2, "b"}, {10, "d"}, {-1, "a"}}) {
    rows.rows.push_back({std::int64_t{number}, std::string(text)});
  }
  rows.rows.push_back({cell(), std::string("z")});
  const auto numbers = [&](const table_query& query) {
    auto copy = rows;
    REQUIRE_FALSE(apply(query, copy));
    std::string text;
    for (const auto& each : copy.rows) text += to_plain_text(each[0]) + to_plain_text(each[1]) + ' ';
    return text + '/' + std::to_string(copy.total);
  };
  CHECK(numbers({}) == "3c 10a 2b 10d -1a z /6");
  CHECK(numbers({.order = {{"n"}}}) == "z -1a 2b 3c 10a 10d /6");
  CHECK(numbers({.order = {{"N", true}, {"t", true}}}) == "10d 10a 3c 2b -1a z /6");
  CHECK(numbers({.order = {{"t"}}, .limit = 2, .offset = 1}) == "-1a 2b /6");
  CHECK(numbers({.where = std::get<predicate>(parse_predicate("n > 2")), .limit = 1}) == "3c /3");
  CHECK(numbers({.limit = 0}) == "/6");
  CHECK(numbers({.offset = 7}) == "/6");
}

}  // namespace
}  // namespace sessiongate::admin
