#include "protocol/ok_fields.hpp"

#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

namespace sessiongate::protocol {

bytes without_session_state(bytes_view packet) {
  const auto payload = packet.subspan(packet_header_size);
  const auto status_at = ok_status_offset(payload);
  const auto info_at = status_at + 4;
  if (status_at == 0 || info_at > payload.size()) return {};

  wire_reader reader(payload.subspan(info_at));
  const auto info = reader.read_lenenc_string();
  const auto size = info.empty() ? info_at : payload.size() - reader.remaining();
  reader.read_lenenc_string();
  if (!reader.ok() || !reader.at_end()) return {};

  const auto kept = payload.first(size);
  bytes cut;
  cut.reserve(packet_header_size + size);
  wire_writer writer(cut);
  writer.write_u24(static_cast<std::uint32_t>(size));
  writer.write_u8(load_packet_header(packet.data()).sequence_id);
  cut.insert(cut.end(), kept.begin(), kept.end());
  cut[packet_header_size + status_at + 1] &= static_cast<std::uint8_t>(~(status_session_state_changed >> 8U));
  return cut;
}

}  // namespace sessiongate::protocol
