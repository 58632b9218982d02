// Any text as a predicate: what is read is written and read again as the same; binding and matching never fail but by a
// failure, and LIMIT and ORDER never give more rows than there were.
#include "admin/predicate.hpp"
#include "admin/query_parser.hpp"
#include "admin/table_query.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using namespace sessiongate::admin;

void require(bool holds) {
  if (!holds) std::abort();
}

table make_rows() {
  table made{.json_name = "rows",
             .columns = {{.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
                         {.sql_name = "u", .type = value_type::unsigned_integer},
                         {.sql_name = "w", .type = value_type::wide_id},
                         {.sql_name = "b", .type = value_type::boolean},
                         {.sql_name = "db", .sql_null = "NULL"},
                         {.json_name = "t"}},
             .rows = {},
             .total = 0};
  made.rows.push_back({std::int64_t{-1}, std::uint64_t{0}, ~std::uint64_t{0}, true, std::string("a%"), std::string()});
  made.rows.push_back({std::int64_t{5}, std::uint64_t{7}, std::uint64_t{1}, false, cell(), std::string("x_y\\")});
  return made;
}

void check_predicate(std::string_view text) {
  const auto read = parse_predicate(text);
  const auto* what = std::get_if<predicate>(&read);
  if (what == nullptr) return;
  const auto again = parse_predicate(to_text(*what));
  require(std::holds_alternative<predicate>(again) && std::get<predicate>(again) == *what);
}

void check_query(std::string_view text) {
  auto tokens = split_only_statement(text);
  if (!tokens) return;
  token_cursor at(std::move(*tokens));
  const auto read = parse_query(at, "Id", false);
  const auto* query = std::get_if<table_query>(&read);
  if (query == nullptr) return;
  auto rows = make_rows();
  const auto wrong = apply(*query, rows);
  require(wrong ? rows.rows.size() == 2 : rows.rows.size() <= rows.total && rows.total <= 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_predicate(text);
  check_query(text);
  check_query("WHERE " + std::string(text));
  return 0;
}
