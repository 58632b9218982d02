#include "admin/kill_manner.hpp"

#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <charconv>

namespace sessiongate::admin {

std::string_view to_text(kill_moment when) {
  switch (when) {
    case kill_moment::at_once:
      return "at_once";
    case kill_moment::after_statement:
      return "statement";
    case kill_moment::after_transaction:
      break;
  }
  return "transaction";
}

std::optional<kill_moment> parse_kill_moment(std::string_view text) {
  if (equals_ignoring_case(text, "STATEMENT")) return kill_moment::after_statement;
  if (equals_ignoring_case(text, "TRANSACTION")) return kill_moment::after_transaction;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_kill_timeout(std::string_view text) {
  constexpr std::size_t decimals_max = 3;
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  auto decimals = std::string(text.substr(std::min(point + 1, text.size())));
  const bool bare_point = point < text.size() && decimals.empty();
  if (whole.empty() || bare_point || decimals.size() > decimals_max) return std::nullopt;
  decimals.resize(decimals_max, '0');
  const auto digits = std::string(whole) + decimals;
  std::uint64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
  constexpr auto longest = static_cast<std::uint64_t>(std::chrono::milliseconds(kill_wait_max).count());
  if (error != std::errc() || end != digits.data() + digits.size() || milliseconds > longest) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

bool is_kill_reason(std::string_view text) {
  return text.size() <= kill_reason_max &&
         std::ranges::none_of(text, [](char c) { return (c >= '\0' && c < ' ') || c == '\x7F'; });
}

}  // namespace sessiongate::admin
