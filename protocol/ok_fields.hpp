// A look into OK and EOF packets at what the response tracker decides by. ok_packet.hpp reads them in full.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/status_flags.hpp"
#include "protocol/wire.hpp"

#include <cstddef>
#include <optional>

namespace sessiongate::protocol {

inline std::uint16_t load_u16(bytes_view data, std::size_t at) {
  return static_cast<std::uint16_t>(data[at] | data[at + 1] << 8U);
}

inline std::uint32_t load_u32(bytes_view data, std::size_t at) {
  return load_u16(data, at) | static_cast<std::uint32_t>(load_u16(data, at + 2)) << 16U;
}

/// Bytes of the length-encoded integer that starts with this byte; zero when none does.
constexpr std::size_t lenenc_size(std::uint8_t first_byte) {
  if (first_byte < 0xFB) return 1;
  if (first_byte == 0xFC) return 3;
  if (first_byte == 0xFD) return 4;
  return first_byte == 0xFE ? 9 : 0;
}

/// Where the status flags of an OK packet are in its payload; zero when it is malformed or has not come so far.
inline std::size_t ok_status_offset(bytes_view payload) {
  std::size_t at = 1;
  for (int field = 0; field < 2; ++field) {  // affected rows, last insert id
    const auto size = at < payload.size() ? lenenc_size(payload[at]) : 0;
    if (size == 0) return 0;
    at += size;
  }
  return at + 2 <= payload.size() ? at : 0;
}

inline std::optional<status_flags> read_ok_status(bytes_view payload) {
  const auto at = ok_status_offset(payload);
  if (at == 0) return std::nullopt;
  return load_u16(payload, at);
}

/// The last_insert_id of an OK packet; zero when there is none.
inline std::uint64_t read_ok_insert_id(bytes_view payload) {
  if (payload.size() < 2) return 0;
  const auto at = 1 + lenenc_size(payload[1]);
  if (at >= payload.size() || payload[at] == 0) return 0;
  wire_reader reader(payload.subspan(at));
  const auto id = reader.read_lenenc_int();
  return reader.ok() ? id : 0;
}

inline std::optional<status_flags> read_eof_status(bytes_view payload) {
  if (payload.size() < 5) return std::nullopt;
  return load_u16(payload, 3);
}

/// `packet` (header included) as a client without client_session_track gets it; nothing when it is malformed. All else
/// stays as it is, the info too: servers write its length in front whatever was negotiated, and clients expect it
/// there.
bytes without_session_state(bytes_view packet);

/// `packet` as a client with client_session_track gets it that did not ask for more than servers report by default: of
/// the system variables only those. Nothing when it is malformed, or when there is nothing to leave out.
bytes with_default_session_state(bytes_view packet);

}  // namespace sessiongate::protocol
