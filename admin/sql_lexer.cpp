#include "admin/sql_lexer.hpp"

#include <algorithm>

namespace sessiongate::admin {

namespace {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_control(char c) {
  return (c >= '\0' && c < ' ') || c == '\x7F';
}

bool starts_line_comment(std::string_view rest) {
  if (rest.front() == '#') return true;
  return rest.starts_with("--") && (rest.size() == 2 || is_space(rest[2]) || is_control(rest[2]));
}

std::string_view take(std::string_view& rest, std::size_t size) {
  const auto taken = rest.substr(0, size);
  rest.remove_prefix(taken.size());
  return taken;
}

/// `rest` starts at the opening quote.
token take_quoted(std::string_view& rest) {
  const char quote = rest.front();
  const bool escapes = quote != '`';
  std::size_t at = 1;
  while (at < rest.size()) {
    const bool escaped = escapes && rest[at] == '\\';
    const bool quoted = !escaped && rest[at] == quote;
    const bool doubled = quoted && at + 1 < rest.size() && rest[at + 1] == quote;
    if (escaped || doubled) {
      at += 2;
    } else if (!quoted) {
      ++at;
    } else {
      const auto whole = take(rest, at + 1);
      return {quote == '`' ? token_kind::name : token_kind::string, whole.substr(1, whole.size() - 2), quote};
    }
  }
  return {token_kind::broken, take(rest, rest.size())};
}

/// `rest` starts at a digit or at the sign before one.
token take_number(std::string_view& rest) {
  std::size_t at = 1;
  while (at < rest.size() && is_digit(rest[at])) ++at;
  const auto digits_end = at;
  while (at < rest.size() && (is_identifier_character(rest[at]) || rest[at] == '.')) ++at;
  const auto kind = at == digits_end ? token_kind::number : token_kind::symbol;
  return {kind, take(rest, at)};
}

/// What a backslash and this character stand for.
std::string_view unescape(std::string_view pair) {
  switch (pair[1]) {
    case '0':
      return {"\0", 1};
    case 'b':
      return "\b";
    case 'n':
      return "\n";
    case 'r':
      return "\r";
    case 't':
      return "\t";
    case 'Z':
      return "\x1A";
    case '%':
    case '_':
      return pair;
    default:
      return pair.substr(1);
  }
}

bool starts_number(std::string_view rest) {
  if (is_digit(rest.front())) return true;
  return (rest.front() == '-' || rest.front() == '+') && rest.size() > 1 && is_digit(rest[1]);
}

}  // namespace

std::string unquote(const token& from) {
  if (from.quote == '\0') return std::string(from.text);
  std::string plain;
  for (auto rest = from.text; !rest.empty();) {
    const bool pair = rest.size() > 1;
    if (pair && rest.front() == '\\' && from.kind == token_kind::string) {
      plain += unescape(take(rest, 2));
    } else {
      const bool doubled = pair && rest.front() == from.quote && rest[1] == from.quote;
      plain += take(rest, doubled ? 2 : 1).front();
    }
  }
  return plain;
}

bool is_identifier_character(char c) {
  return is_digit(c) || (to_upper(c) >= 'A' && to_upper(c) <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool equals_ignoring_case(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, {}, to_upper);
}

blank_end skip_blank(std::string_view& rest) {
  while (!rest.empty()) {
    if (is_space(rest.front())) {
      rest.remove_prefix(1);
    } else if (rest.starts_with("/*")) {
      if (rest.starts_with("/*!") || rest.starts_with("/*M!")) return blank_end::executable_comment;
      const auto end = rest.find("*/", 2);
      if (end == std::string_view::npos) return blank_end::unfinished_comment;
      rest.remove_prefix(end + 2);
    } else if (starts_line_comment(rest)) {
      rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
    } else {
      return blank_end::text;
    }
  }
  return blank_end::end;
}

token next_token(std::string_view& rest) {
  switch (skip_blank(rest)) {
    case blank_end::end:
      return {};
    case blank_end::unfinished_comment:
      return {token_kind::broken, take(rest, rest.size())};
    case blank_end::executable_comment:
      return {token_kind::executable, take(rest, rest.size())};
    case blank_end::text:
      break;
  }
  const char first = rest.front();
  if (first == '\'' || first == '"' || first == '`') return take_quoted(rest);
  if (starts_number(rest)) return take_number(rest);
  if (!is_identifier_character(first)) return {token_kind::symbol, take(rest, 1)};
  const auto end = std::ranges::find_if_not(rest, is_identifier_character);
  return {token_kind::word, take(rest, static_cast<std::size_t>(end - rest.begin()))};
}

}  // namespace sessiongate::admin
