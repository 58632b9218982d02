// COM_CHANGE_USER: a new login inside a session. Its layout depends on the capabilities negotiated at login.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/connect_attributes.hpp"
#include "protocol/errc.hpp"

#include <cstdint>
#include <string>

namespace sessiongate::protocol {

struct change_user {
  std::string user;
  std::string auth_response;
  std::string database;
  std::uint16_t collation = 0;
  std::string auth_plugin;
  connect_attributes attributes;
};

/// `payload` starts with the command byte. Older clients leave out everything after the database; that is no error.
/// The authentication response has a one-byte length whatever was negotiated for the login (255 bytes at most).
result<change_user> parse_change_user(bytes_view payload, capabilities negotiated);
void write_change_user(bytes& out, const change_user& value, capabilities negotiated);

}  // namespace sessiongate::protocol
