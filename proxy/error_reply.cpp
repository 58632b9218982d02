#include "proxy/error_reply.hpp"

#include "protocol/packet.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

protocol::bytes error_packet(const protocol::server_error& error, std::uint8_t sequence_id) {
  protocol::bytes payload;
  protocol::write_err_packet(payload, error);
  protocol::bytes packet;
  protocol::append_packet(packet, sequence_id, payload);
  return packet;
}

protocol::server_error too_many_user_connections(std::string_view user) {
  return {protocol::er::too_many_user_connections, "42000",
          fmt::format("User {} already has more than 'max_user_connections' active connections", user)};
}

protocol::server_error uncompress_failed() {
  return {protocol::er::uncompress_error, "08S01", "Couldn't uncompress communication packet"};
}

void send_last_error(stream& client, const protocol::server_error& error, std::uint8_t sequence_id) {
  if (client.is_open()) client.write_some(error_packet(error, sequence_id));
}

}  // namespace sessiongate::proxy
