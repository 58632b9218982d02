#include "proxy/change_user_exchange.hpp"

#include "protocol/packet.hpp"

namespace sessiongate::proxy {

using protocol::packet_header_size;

namespace {

secret_bytes packet_of(std::uint8_t& sequence_id, protocol::bytes_view payload) {
  secret_bytes out{static_cast<std::uint8_t>(payload.size()), static_cast<std::uint8_t>(payload.size() >> 8U),
                   static_cast<std::uint8_t>(payload.size() >> 16U), sequence_id++};
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

change_user_exchange::change_user_exchange(const auth_circumstances& given, std::size_t packet_max,
                                           std::uint8_t sequence_id)
    : exchange_(given),
      packet_max_(packet_max),
      client_next_(static_cast<std::uint8_t>(sequence_id + 1)),
      backend_next_(client_next_) {}

std::size_t change_user_exchange::whole_packet(protocol::bytes_view input) {
  if (input.size() < packet_header_size) return 0;
  const auto size = packet_header_size + protocol::load_packet_header(input.data()).payload_length;
  return input.size() < size ? 0 : size;
}

bool change_user_exchange::too_large(protocol::bytes_view input) const {
  return input.size() >= packet_header_size && protocol::load_packet_header(input.data()).payload_length > packet_max_;
}

auth_exchange::step change_user_exchange::on_client(protocol::bytes_view packet) {
  if (protocol::load_packet_header(packet.data()).sequence_id != client_next_) return exchange_.out_of_order();
  ++client_next_;
  const auto payload = packet.subspan(packet_header_size);
  return number(exchange_.on_client(payload), payload);
}

auth_exchange::step change_user_exchange::on_backend(protocol::bytes_view packet) {
  if (protocol::load_packet_header(packet.data()).sequence_id != backend_next_) return exchange_.out_of_order();
  ++backend_next_;
  const auto payload = packet.subspan(packet_header_size);
  return number(exchange_.on_backend(payload), payload);
}

auth_exchange::step change_user_exchange::number(auth_exchange::step next, protocol::bytes_view answered) {
  using action = auth_exchange::step::action;
  if (next.what == action::to_client) next.packet = packet_of(client_next_, next.packet);
  if (next.what == action::to_backend) next.packet = packet_of(backend_next_, next.packet);
  if (next.what == action::finished) next.packet = packet_of(client_next_, answered);
  return next;
}

}  // namespace sessiongate::proxy
