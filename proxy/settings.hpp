// The table of settings: name, help, how a text becomes the value and how the value is shown. Flags, environment
// variables and file keys are all made from the one name.
#pragma once

#include "proxy/config.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

struct setting {
  std::string_view name;  // "listen": --listen, SESSIONGATE_LISTEN, "listen" (with _ for -) in the file
  std::string_view help;
  /// Empty: taken. Otherwise what is wrong with the text.
  std::string (*assign)(config& target, std::string_view text);
  std::string (*show)(const config& source);
  bool live = false;  // can be changed while the proxy runs: it is read from gateway::current
};

std::span<const setting> settings();

/// "admin-token-file" -> "SESSIONGATE_ADMIN_TOKEN_FILE"
std::string environment_name(std::string_view name);
/// "admin-token-file" -> "admin_token_file"
std::string file_key(std::string_view name);

}  // namespace sessiongate::proxy
