// Reads filters from SQL's words:
//
//   [LIKE 'p'] [WHERE column op literal [AND …]] [ORDER BY column [ASC|DESC] [, …]] [LIMIT n [OFFSET m] | LIMIT m, n]
//
// op: = != <> < <= > >= LIKE, NOT LIKE, IN (…), NOT IN (…), IS NULL, IS NOT NULL. A literal is a number, a string, TRUE
// or FALSE and, in a prepared statement, `?`. Columns may stand in backticks.
#pragma once

#include "admin/table_query.hpp"
#include "admin/token_cursor.hpp"

#include <cstddef>
#include <string_view>
#include <variant>

namespace sessiongate::admin {

/// At most this many comparisons in a predicate, and literals in a list: more are refused.
inline constexpr std::size_t predicate_size_max = 1000;

/// All that is left at `at`. `like_column` is what LIKE alone looks at. failure: malformed (5010).
std::variant<table_query, failure> parse_query(token_cursor& at, std::string_view like_column, bool prepared);

/// The comparisons at `at`, up to what is none.
std::variant<predicate, failure> parse_predicate(token_cursor& at, bool prepared);
/// A text that is a predicate and nothing else.
std::variant<predicate, failure> parse_predicate(std::string_view text);

}  // namespace sessiongate::admin
