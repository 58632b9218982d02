#include "admin/token_cursor.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace sessiongate::admin {

namespace {

bool is_semicolon(const token& each) {
  return each.kind == token_kind::symbol && each.text == ";";
}

/// For an error text: short, and printable whatever the client sent.
std::string quote_excerpt(std::string_view text) {
  constexpr std::size_t size_max = 32;
  std::string excerpt(text.substr(0, size_max));
  std::ranges::replace_if(excerpt, [](char c) { return c < ' ' || c > '~'; }, '?');
  return '\'' + excerpt + (text.size() > size_max ? "…'" : "'");
}

}  // namespace

bool token_cursor::take_words(std::string_view first_upper, std::string_view second_upper) {
  const auto is = [](const token& each, std::string_view upper) {
    return each.kind == token_kind::word && equals_ignoring_case(each.text, upper);
  };
  const bool both = is(peek(), first_upper) && is(peek(1), second_upper);
  if (both) skip(2);
  return both;
}

std::string_view token_cursor::take_operator() {
  const auto first = peek();
  const auto second = peek(1);
  if (first.kind != token_kind::symbol) return {};
  const bool adjacent = second.kind == token_kind::symbol && second.text.data() == first.text.data() + 1;
  constexpr std::array<std::string_view, 4> pairs{"!=", "<>", "<=", ">="};
  const auto* const pair = std::ranges::find_if(pairs, [&](std::string_view each) {
    return adjacent && each.front() == first.text.front() && each.back() == second.text.front();
  });
  if (pair != pairs.end()) {
    skip(2);
    return *pair;
  }
  constexpr std::string_view singles = "=<>";
  if (singles.find(first.text.front()) == std::string_view::npos) return {};
  skip();
  return first.text;
}

std::optional<std::vector<token>> split_only_statement(std::string_view text) {
  std::vector<token> tokens;
  bool ended = false;
  for (auto each = next_token(text); each.kind != token_kind::end; each = next_token(text)) {
    if (each.kind == token_kind::executable) return std::nullopt;
    if (is_semicolon(each)) {
      ended = true;
    } else if (ended) {
      return std::nullopt;
    } else {
      tokens.push_back(each);
    }
  }
  return tokens;
}

failure malformed(std::string_view expected, const token_cursor& at) {
  std::string message = "Unknown operator: expected ";
  message += expected;
  message += at.at_end() ? ", found the end of the statement" : ", found " + quote_excerpt(at.peek().text);
  failure result;
  result.kind = failure_kind::malformed;
  result.message = std::move(message);
  return result;
}

}  // namespace sessiongate::admin
