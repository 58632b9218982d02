#include "protocol/command_framer.hpp"

#include <algorithm>

namespace sessiongate::protocol {

command_framer::step command_framer::next_command(bytes_view input) {
  if (input.size() < packet_header_size) return {};
  const auto [length, sequence_id] = load_packet_header(input.data());
  if (length != 0 && input.size() == packet_header_size) return {};
  const auto rest = input.subspan(packet_header_size);
  const auto payload = rest.first(std::min<std::size_t>(length, rest.size()));
  const auto type = payload.empty() ? command::sleep : static_cast<command>(payload.front());
  return {kind::command, packet_header_size + length, type, sequence_id, payload};
}

// Goes on over packet boundaries as long as no command can start there, so that a file leaves in large pieces.
command_framer::step command_framer::pass_packets(bytes_view input) {
  std::size_t at = 0;
  while (true) {
    const auto size = std::min<std::size_t>(body_left_, input.size() - at);
    body_left_ -= static_cast<std::uint32_t>(size);
    at += size;
    if (body_left_ != 0 || at_command_start() || input.size() - at < packet_header_size) break;
    begin_packet(load_packet_header(input.data() + at).payload_length);
  }
  if (at == 0) return {};
  return {kind::body, at, command::sleep, 0, {}};
}

void command_framer::begin_packet(std::uint32_t payload_length) {
  body_left_ = static_cast<std::uint32_t>(packet_header_size) + payload_length;
  // Only commands are continued: in a file each packet is data, and only an empty one ends it.
  continues_ = mode_ == mode::commands && payload_length == packet_payload_max;
  if (mode_ == mode::file && payload_length == 0) mode_ = mode::commands;
}

}  // namespace sessiongate::protocol
