// The packets that answered a statement of the proxy's own, taken apart: of own_server_session::ask() and of the
// control account.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/packet.hpp"

#include <cstdint>
#include <string>
#include <vector>

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

using text_row = std::vector<std::string>;  // NULL is empty

/// The rows of a text result set; none when it is no such result set. What is cut off or malformed is left out.
std::vector<text_row> read_rows(protocol::bytes_view response);

}  // namespace sessiongate::proxy
