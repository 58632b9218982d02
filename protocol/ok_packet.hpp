// OK and EOF packets ("Protocol::OK_Packet", "Protocol::EOF_Packet").
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/errc.hpp"
#include "protocol/status_flags.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::protocol {

struct ok_packet {
  std::uint64_t affected_rows = 0;
  std::uint64_t last_insert_id = 0;
  status_flags status = 0;
  std::uint16_t warnings = 0;
  std::string_view info;        // into the parsed payload
  std::string_view state_info;  // raw session-state changes (session_track.hpp); empty when there are none
};

struct eof_packet {
  std::uint16_t warnings = 0;
  status_flags status = 0;
};

inline constexpr std::uint8_t ok_header = 0x00;
inline constexpr std::uint8_t eof_header = 0xFE;  // also the header of an OK that ends rows under client_deprecate_eof

/// `payload` starts with 0x00 or 0xFE. With client_session_track in `negotiated` the info is length-encoded and
/// session-state changes follow it. Without, the documentation has it fill the rest of the packet while servers send it
/// length-encoded all the same: both are read, the servers' way is written.
result<ok_packet> parse_ok_packet(bytes_view payload, capabilities negotiated);
void write_ok_packet(bytes& out, const ok_packet& value, capabilities negotiated, std::uint8_t header = ok_header);

result<eof_packet> parse_eof_packet(bytes_view payload);
void write_eof_packet(bytes& out, const eof_packet& value);

}  // namespace sessiongate::protocol
