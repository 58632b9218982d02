#include "proxy/operator_account.hpp"

namespace sessiongate::proxy {

std::optional<operator_account> parse_operator(std::string_view text) {
  const auto at = text.rfind('@');
  operator_account who{.user = std::string(text.substr(0, at)), .from = {}};
  const auto from = at == std::string_view::npos ? "any" : text.substr(at + 1);
  if (who.user.empty() || !who.from.add(from)) return std::nullopt;
  return who;
}

std::string to_text(const operator_account& who) {
  const auto from = who.from.text();
  return from == "any" ? who.user : who.user + '@' + from;
}

}  // namespace sessiongate::proxy
