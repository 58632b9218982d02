#include "proxy/error_reply.hpp"

#include "protocol/packet.hpp"

namespace sessiongate::proxy {

protocol::bytes error_packet(const protocol::server_error& error, std::uint8_t sequence_id) {
  protocol::bytes payload;
  protocol::write_err_packet(payload, error);
  protocol::bytes packet;
  protocol::append_packet(packet, sequence_id, payload);
  return packet;
}

void send_last_error(stream& client, const protocol::server_error& error, std::uint8_t sequence_id) {
  if (client.is_open()) client.write_some(error_packet(error, sequence_id));
}

}  // namespace sessiongate::proxy
