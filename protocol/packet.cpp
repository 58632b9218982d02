#include "protocol/packet.hpp"

#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {

void append_packet(bytes& out, std::uint8_t& sequence_id, bytes_view payload) {
  wire_writer writer(out);
  std::size_t size = 0;
  do {
    size = std::min<std::size_t>(payload.size(), packet_payload_max);
    writer.write_u24(static_cast<std::uint32_t>(size));
    writer.write_u8(sequence_id++);
    writer.write_string(as_text(payload.first(size)));
    payload = payload.subspan(size);
  } while (size == packet_payload_max);
}

}  // namespace sessiongate::protocol
