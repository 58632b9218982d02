#include "protocol/ok_fields.hpp"

#include "protocol/packet.hpp"
#include "protocol/session_track.hpp"
#include "protocol/wire.hpp"

namespace sessiongate::protocol {

namespace {

constexpr std::uint8_t state_changed_bit = status_session_state_changed >> 8U;  // in the flags' second byte

/// An OK packet in three parts; the state's own length is left out.
struct split_ok {
  bytes_view before;  // of the payload, up to the state
  std::string_view state;
  std::size_t status_at = 0;  // in the payload; zero: malformed
};

split_ok split_before_state(bytes_view payload) {
  const auto status_at = ok_status_offset(payload);
  const auto info_at = status_at + 4;
  if (status_at == 0 || info_at > payload.size()) return {};
  wire_reader reader(payload.subspan(info_at));
  reader.read_lenenc_string();
  const auto before = payload.first(payload.size() - reader.remaining());
  const auto state = reader.read_lenenc_string();
  if (!reader.ok() || !reader.at_end()) return {};
  return {before, state, status_at};
}

bytes make_packet(bytes_view original, bytes_view payload) {
  bytes packet;
  packet.reserve(packet_header_size + payload.size());
  wire_writer writer(packet);
  writer.write_u24(static_cast<std::uint32_t>(payload.size()));
  writer.write_u8(load_packet_header(original.data()).sequence_id);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

}  // namespace

bytes with_default_session_state(bytes_view packet) {
  const auto parts = split_before_state(packet.subspan(packet_header_size));
  if (parts.status_at == 0) return {};
  const auto kept = default_session_changes(parts.state);
  if (!kept || kept->size() == parts.state.size()) return {};
  if (kept->empty()) return without_session_state(packet);
  bytes payload(parts.before.begin(), parts.before.end());
  wire_writer(payload).write_lenenc_string(*kept);
  return make_packet(packet, payload);
}

bytes without_session_state(bytes_view packet) {
  const auto parts = split_before_state(packet.subspan(packet_header_size));
  if (parts.status_at == 0) return {};
  const auto info_at = parts.status_at + 4;
  const bool no_info = parts.before.size() == info_at + 1;  // nothing but its length
  bytes payload(parts.before.begin(), parts.before.end());
  if (no_info) payload.resize(info_at);
  payload[parts.status_at + 1] &= static_cast<std::uint8_t>(~state_changed_bit);
  return make_packet(packet, payload);
}

}  // namespace sessiongate::protocol
