#include "admin/predicate.hpp"

#include "admin/failures.hpp"
#include "admin/like_pattern.hpp"
#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace sessiongate::admin {

namespace {

using number = long double;
static_assert(std::numeric_limits<number>::digits >= 64, "64-bit integers have to compare exactly");

constexpr std::array<std::string_view, 12> op_texts{
    "=", "!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"};

bool is_pattern(comparison_op op) {
  return op == comparison_op::like || op == comparison_op::not_like;
}

std::optional<number> to_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  number read = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read, std::chars_format::fixed);
  const bool digits_first = !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
  if (!digits_first || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return read;
}

std::optional<number> number_in(const cell& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<number>(*integer);
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) return static_cast<number>(*integer);
  return std::nullopt;
}

template <class Value>
int three_way(const Value& left, const Value& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

std::string quote(const literal& value) {
  if (value.kind == literal_kind::number) return value.text;
  if (value.kind == literal_kind::parameter) return "?";
  std::string quoted = "'";
  for (const char c : value.text) {
    if (c == '\'' || c == '\\') quoted += c == '\'' ? '\'' : '\\';
    quoted += c;
  }
  return quoted + '\'';
}

std::string quote_name(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + '`';
}

std::string to_text(const comparison& test) {
  auto text = quote_name(test.column) + ' ' + std::string(to_text(test.op));
  if (test.values.empty()) return text;
  const bool list = test.op == comparison_op::in || test.op == comparison_op::not_in;
  text += list ? " (" : " ";
  for (std::size_t at = 0; at < test.values.size(); ++at) text += (at > 0 ? ", " : "") + quote(test.values[at]);
  return list ? text + ')' : text;
}

bool equals_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, to_upper, to_upper);
}

}  // namespace

std::string_view to_text(comparison_op op) {
  return op_texts.at(static_cast<std::size_t>(op));
}

std::string to_text(const predicate& what) {
  std::string text;
  for (const auto& each : what.all) text += (text.empty() ? "" : " AND ") + to_text(each);
  return text;
}

std::size_t find_column(std::span<const column> columns, std::string_view name) {
  const auto by = [&](auto member) {
    return std::ranges::find_if(
        columns, [&](const column& each) { return !name.empty() && equals_in_any_case(each.*member, name); });
  };
  auto found = by(&column::sql_name);
  if (found == columns.end()) found = by(&column::json_name);
  return static_cast<std::size_t>(found - columns.begin());
}

std::variant<row_filter, failure> row_filter::bind(const predicate& what, std::span<const column> columns) {
  row_filter made;
  for (const auto& each : what.all) {
    const auto at = find_column(columns, each.column);
    if (at == columns.size()) return unknown_column(each.column, "where clause");
    bound test{.column = at, .op = each.op};
    if (columns[at].type == value_type::text) test.null_text = columns[at].sql_null;
    for (const auto& given : each.values) {
      auto read = bind_value(given, columns[at], each.op);
      if (auto* wrong = std::get_if<failure>(&read)) return std::move(*wrong);
      test.values.push_back(std::get<value>(std::move(read)));
    }
    made.tests_.push_back(std::move(test));
  }
  return made;
}

std::variant<row_filter::value, failure> row_filter::bind_value(const literal& from, const column& of,
                                                                comparison_op op) {
  if (from.kind == literal_kind::parameter) return wrong_value("?", of.sql_name);
  if (of.type == value_type::text || is_pattern(op)) return value(from.text);
  if (of.type == value_type::boolean && (from.text == "true" || from.text == "false")) {
    return value(number{from.text == "true" ? 1.0L : 0.0L});
  }
  const auto read = to_number(from.text);
  if (!read) return wrong_value(from.text, of.sql_name.empty() ? of.json_name : of.sql_name);
  return value(*read);
}

bool row_filter::matches(std::span<const cell> row) const {
  return std::ranges::all_of(tests_, [&](const bound& each) { return matches(each, row[each.column]); });
}

bool row_filter::matches(const bound& test, const cell& shown) {
  const bool null = std::holds_alternative<std::monostate>(shown);
  if (test.op == comparison_op::is_null) return null;
  if (test.op == comparison_op::is_not_null) return !null;
  if (null) return !test.null_text.empty() && matches_present(test, std::string(test.null_text));
  return matches_present(test, shown);
}

bool row_filter::matches_present(const bound& test, const cell& shown) {
  const auto equals = [&](const value& each) { return order(shown, each) == 0; };
  switch (test.op) {
    case comparison_op::in:
    case comparison_op::equal:
      return std::ranges::any_of(test.values, equals);
    case comparison_op::not_in:
    case comparison_op::not_equal:
      return std::ranges::none_of(test.values, equals);
    case comparison_op::less:
      return order(shown, test.values.front()) < 0;
    case comparison_op::less_equal:
      return order(shown, test.values.front()) <= 0;
    case comparison_op::greater:
      return order(shown, test.values.front()) > 0;
    case comparison_op::greater_equal:
      return order(shown, test.values.front()) >= 0;
    case comparison_op::like:
      return matches_like(to_plain_text(shown), std::get<std::string>(test.values.front()));
    case comparison_op::not_like:
      return !matches_like(to_plain_text(shown), std::get<std::string>(test.values.front()));
    case comparison_op::is_null:
    case comparison_op::is_not_null:
      break;
  }
  return false;
}

int row_filter::order(const cell& shown, const value& given) {
  const auto* expected = std::get_if<number>(&given);
  if (expected == nullptr) return three_way<std::string_view>(to_plain_text(shown), std::get<std::string>(given));
  return three_way(number_in(shown).value_or(0), *expected);
}

int compare_cells(const cell& left, const cell& right) {
  const bool left_null = std::holds_alternative<std::monostate>(left);
  const bool right_null = std::holds_alternative<std::monostate>(right);
  if (left_null || right_null) return static_cast<int>(right_null) - static_cast<int>(left_null);
  const auto left_number = number_in(left);
  const auto right_number = number_in(right);
  if (left_number && right_number) return three_way(*left_number, *right_number);
  return three_way<std::string_view>(to_plain_text(left), to_plain_text(right));
}

std::string to_plain_text(const cell& value) {
  return std::visit(
      [](const auto& each) -> std::string {
        using type = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<type, std::monostate>) {
          return {};
        } else if constexpr (std::is_same_v<type, std::string>) {
          return each;
        } else if constexpr (std::is_same_v<type, bool>) {
          return each ? "1" : "0";
        } else {
          return std::to_string(each);
        }
      },
      value);
}

}  // namespace sessiongate::admin
