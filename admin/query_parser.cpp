#include "admin/query_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace sessiongate::admin {

namespace {

using comparison_or_failure = std::variant<comparison, failure>;

bool is_decimal(const token& each) {
  const auto text = each.text.starts_with('-') || each.text.starts_with('+') ? each.text.substr(1) : each.text;
  const auto point = text.find('.');
  if (each.kind != token_kind::symbol || point == std::string_view::npos || point == 0) return false;
  return text.find_first_not_of("0123456789.") == std::string_view::npos && text.find('.', point + 1) == text.npos &&
         point + 1 < text.size();
}

std::optional<literal> take_literal(token_cursor& at, bool prepared) {
  const auto next = at.peek();
  if (next.kind == token_kind::number || is_decimal(next)) {
    at.skip();
    return literal{literal_kind::number, std::string(next.text)};
  }
  if (next.kind == token_kind::string) {
    at.skip();
    return literal{literal_kind::text, unquote(next)};
  }
  if (at.take_word("TRUE")) return literal{literal_kind::number, "1"};
  if (at.take_word("FALSE")) return literal{literal_kind::number, "0"};
  if (prepared && at.take_symbol("?")) return literal{literal_kind::parameter, {}};
  return std::nullopt;
}

std::optional<std::string> take_column(token_cursor& at) {
  const auto next = at.peek();
  if (next.kind != token_kind::word && next.kind != token_kind::name) return std::nullopt;
  at.skip();
  return unquote(next);
}

std::optional<comparison_op> find_comparison(std::string_view sign) {
  constexpr std::array<std::pair<std::string_view, comparison_op>, 7> all{{{"=", comparison_op::equal},
                                                                           {"!=", comparison_op::not_equal},
                                                                           {"<>", comparison_op::not_equal},
                                                                           {"<", comparison_op::less},
                                                                           {"<=", comparison_op::less_equal},
                                                                           {">", comparison_op::greater},
                                                                           {">=", comparison_op::greater_equal}}};
  const auto* const found = std::ranges::find(all, sign, [](const auto& each) { return each.first; });
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

comparison_or_failure parse_list(token_cursor& at, comparison test, bool prepared) {
  if (!at.take_symbol("(")) return malformed("(", at);
  do {
    auto value = take_literal(at, prepared);
    if (!value || test.values.size() == predicate_size_max) return malformed("a number or a string", at);
    test.values.push_back(std::move(*value));
  } while (at.take_symbol(","));
  if (!at.take_symbol(")")) return malformed(", or )", at);
  return test;
}

comparison_or_failure parse_comparison(token_cursor& at, bool prepared) {
  auto column = take_column(at);
  if (!column) return malformed("a column", at);
  comparison test{.column = std::move(*column)};
  if (at.take_word("IS")) {
    test.op = at.take_word("NOT") ? comparison_op::is_not_null : comparison_op::is_null;
    if (!at.take_word("NULL")) return malformed("NULL", at);
    return test;
  }
  const bool negated = at.take_word("NOT");
  if (at.take_word("IN")) {
    test.op = negated ? comparison_op::not_in : comparison_op::in;
    return parse_list(at, std::move(test), prepared);
  }
  if (at.take_word("LIKE")) {
    test.op = negated ? comparison_op::not_like : comparison_op::like;
  } else {
    const auto op = negated ? std::nullopt : find_comparison(at.take_operator());
    if (!op) return malformed("a comparison", at);
    test.op = *op;
  }
  auto value = take_literal(at, prepared);
  if (!value) return malformed("a number or a string", at);
  test.values.push_back(std::move(*value));
  return test;
}

/// LIKE alone: as in the original, the pattern may also be a word or stand in backticks.
std::optional<literal> take_pattern(token_cursor& at, bool prepared) {
  const auto next = at.peek();
  if (next.kind == token_kind::word || next.kind == token_kind::name) {
    at.skip();
    return literal{literal_kind::text, unquote(next)};
  }
  return next.kind == token_kind::string || next.text == "?" ? take_literal(at, prepared) : std::nullopt;
}

std::optional<failure> parse_order(token_cursor& at, table_query& into) {
  do {
    auto column = take_column(at);
    if (!column) return malformed("a column", at);
    const bool descending = at.take_word("DESC");
    if (!descending) at.take_word("ASC");
    into.order.push_back({std::move(*column), descending});
  } while (at.take_symbol(","));
  return std::nullopt;
}

std::optional<std::size_t> take_count(token_cursor& at) {
  const auto text = at.peek().text;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (at.peek().kind != token_kind::number || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  at.skip();
  return count;
}

std::optional<failure> parse_limit(token_cursor& at, table_query& into) {
  into.limit = take_count(at);
  if (!into.limit) return malformed("a number of rows", at);
  const bool offset_first = at.take_symbol(",");
  if (!offset_first && !at.take_word("OFFSET")) return std::nullopt;
  const auto second = take_count(at);
  if (!second) return malformed("a number of rows", at);
  into.offset = offset_first ? *into.limit : *second;
  if (offset_first) into.limit = second;
  return std::nullopt;
}

}  // namespace

std::variant<predicate, failure> parse_predicate(token_cursor& at, bool prepared) {
  predicate read;
  do {
    auto test = parse_comparison(at, prepared);
    if (auto* wrong = std::get_if<failure>(&test)) return std::move(*wrong);
    if (read.all.size() == predicate_size_max) return malformed("fewer comparisons", at);
    read.all.push_back(std::get<comparison>(std::move(test)));
  } while (at.take_word("AND"));
  return read;
}

std::variant<predicate, failure> parse_predicate(std::string_view text) {
  auto tokens = split_only_statement(text);
  token_cursor at(tokens ? std::move(*tokens) : std::vector<token>());
  auto read = parse_predicate(at, false);
  if (std::holds_alternative<predicate>(read) && !at.at_end()) return malformed("AND", at);
  return read;
}

std::variant<table_query, failure> parse_query(token_cursor& at, std::string_view like_column, bool prepared) {
  table_query read;
  if (at.take_word("LIKE")) {
    auto pattern = take_pattern(at, prepared);
    if (!pattern) return malformed("a pattern", at);
    read.where.all.push_back({std::string(like_column), comparison_op::like, {std::move(*pattern)}});
  }
  if (at.take_word("WHERE")) {
    auto where = parse_predicate(at, prepared);
    if (auto* wrong = std::get_if<failure>(&where)) return std::move(*wrong);
    std::ranges::move(std::get<predicate>(where).all, std::back_inserter(read.where.all));
  }
  if (at.take_words("ORDER", "BY")) {
    if (auto wrong = parse_order(at, read)) return std::move(*wrong);
  }
  if (at.take_word("LIMIT")) {
    if (auto wrong = parse_limit(at, read)) return std::move(*wrong);
  }
  if (!at.at_end()) return malformed("LIKE, WHERE, ORDER BY or LIMIT", at);
  return read;
}

}  // namespace sessiongate::admin
