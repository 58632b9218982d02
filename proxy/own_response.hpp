// The packets that answered a statement of the proxy's own (own_server_session::ask()), taken apart.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/packet.hpp"

#include <cstdint>

namespace sessiongate::proxy {

/// EOF, its OK and ERR begin with at least this; the rows that the proxy asks for are too short to.
inline constexpr std::uint8_t last_packet_header = 0xFE;

/// Cuts the next whole packet's payload off; empty when there is none.
inline protocol::bytes_view take_packet(protocol::bytes_view& response) {
  if (response.size() < protocol::packet_header_size) return {};
  const auto length = protocol::load_packet_header(response.data()).payload_length;
  if (response.size() < protocol::packet_header_size + length) return {};
  const auto payload = response.subspan(protocol::packet_header_size, length);
  response = response.subspan(protocol::packet_header_size + length);
  return payload;
}

}  // namespace sessiongate::proxy
