// Packets: a 3-byte payload length and a sequence id before each payload. A payload of 0xFFFFFF bytes or more is cut
// into several packets; one of exactly a multiple of 0xFFFFFF ends with an empty packet ("Protocol Basics: MySQL
// Packets").
#pragma once

#include "protocol/bytes.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sessiongate::protocol {

inline constexpr std::size_t packet_header_size = 4;
inline constexpr std::uint32_t packet_payload_max = 0xFFFFFF;

struct packet_header {
  std::uint32_t payload_length = 0;  // bytes
  std::uint8_t sequence_id = 0;
};

/// Reads the header at `data`, which must have packet_header_size readable bytes.
inline packet_header load_packet_header(const std::uint8_t* data) {
  std::uint32_t head = 0;
  std::memcpy(&head, data, sizeof head);  // one load
  if constexpr (std::endian::native == std::endian::big) head = __builtin_bswap32(head);
  return {head & packet_payload_max, static_cast<std::uint8_t>(head >> 24U)};
}

/// Appends `payload` as one packet or several; `sequence_id` is the first one's and is left at the one that comes next.
void append_packet(bytes& out, std::uint8_t& sequence_id, bytes_view payload);

}  // namespace sessiongate::protocol
