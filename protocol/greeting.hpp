// The server's first packet ("Protocol::HandshakeV10"), with MariaDB's extended capabilities.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/errc.hpp"
#include "protocol/status_flags.hpp"

#include <string>

namespace sessiongate::protocol {

struct greeting {
  std::string server_version;
  std::uint32_t thread_id = 0;
  std::string nonce;  // without the terminating zero; 20 bytes for every plugin in use
  capabilities flags = 0;
  std::uint8_t collation = 0;
  status_flags status = 0;
  std::string auth_plugin;  // empty when the server has no client_plugin_auth
};

/// `payload` is the packet without its header. An ERR packet in place of a greeting is malformed_field: look at
/// is_err_packet() (err_packet.hpp) first.
result<greeting> parse_greeting(bytes_view payload);

/// Appends the payload of a greeting. The nonce must be at least 8 bytes.
void write_greeting(bytes& out, const greeting& value);

}  // namespace sessiongate::protocol
