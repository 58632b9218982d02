#include "session/login_name.hpp"

namespace sessiongate::session {

namespace {

/// Cuts `text` at the last `mark`; gives what stood behind it.
std::string cut_label(std::string_view& text, char mark) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos) return {};
  std::string label(text.substr(at + 1));
  text = text.substr(0, at);
  return label;
}

}  // namespace

login_name parse_login_name(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second != std::string_view::npos) {
    return {std::string(text.substr(second + 1)), std::string(text.substr(first + 1, second - first - 1)),
            std::string(text.substr(0, first))};
  }
  login_name name;
  name.cluster = cut_label(text, '#');
  name.tenant = cut_label(text, '@');
  name.user = text;
  return name;
}

}  // namespace sessiongate::session
