// The client's login ("Protocol::HandshakeResponse41") and the request for TLS before it ("Protocol::SSLRequest").
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/connect_attributes.hpp"
#include "protocol/errc.hpp"

#include <string>

namespace sessiongate::protocol {

struct handshake_response {
  capabilities flags = 0;
  std::uint32_t packet_size_max = 0;  // bytes
  std::uint8_t collation = 0;
  std::string user;
  std::string auth_response;
  std::string database;           // used when flags has client_connect_with_db
  std::string auth_plugin;        // used when flags has client_plugin_auth
  connect_attributes attributes;  // used when flags has client_connect_attrs
  std::uint8_t zstd_level = 0;    // used when flags has client_zstd_compression
};

/// True for the 32-byte payload that asks for TLS and has no user yet.
bool is_ssl_request(bytes_view payload);

/// Appends the payload that asks for TLS ahead of `value`, whose flags must have client_ssl.
void write_ssl_request(bytes& out, const handshake_response& value);

/// The flags of an SSLRequest or of a handshake response, MariaDB's extended ones included.
result<capabilities> parse_client_flags(bytes_view payload);

/// unsupported_client for clients without client_protocol_41. As in the servers, what comes after the authentication
/// response may be missing although flagged, and the last string may lack its terminating zero.
result<handshake_response> parse_handshake_response(bytes_view payload);

/// Appends the payload. Which fields are written, and how, follows from value.flags. Without
/// client_plugin_auth_lenenc_data the authentication response can have 255 bytes at most; more are cut off.
void write_handshake_response(bytes& out, const handshake_response& value);

}  // namespace sessiongate::protocol
