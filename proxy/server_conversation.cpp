#include "proxy/server_conversation.hpp"

#include "proxy/own_command.hpp"
#include "proxy/own_response.hpp"

#include "protocol/packet.hpp"

namespace sessiongate::proxy {

namespace {

server_conversation::answer lost(std::string_view why) {
  server_conversation::answer none;
  none.lost = true;
  none.error = {protocol::er::lost_connection, "HY000", "Lost connection to MySQL server: " + std::string(why)};
  return none;
}

/// The ERR that ends a response: one that cannot be read is an error, too.
protocol::server_error last_error(protocol::bytes_view response) {
  protocol::server_error found{protocol::er::malformed_packet, "HY000", "malformed error"};
  for (auto packet = take_packet(response); !packet.empty(); packet = take_packet(response)) {
    if (!protocol::is_err_packet(packet)) continue;
    if (auto parsed = protocol::parse_err_packet(packet)) found = std::move(*parsed);
  }
  return found;
}

}  // namespace

server_conversation::server_conversation(stream& over, std::span<std::uint8_t> scratch,
                                         protocol::capabilities negotiated, protocol::status_flags status,
                                         std::size_t answer_max)
    : over_(over), scratch_(scratch), negotiated_(negotiated), answer_max_(answer_max) {
  tracker_.negotiated(negotiated, negotiated);
  tracker_.set_status(status);
}

awaitable<server_conversation::answer> server_conversation::say(protocol::command type, protocol::bytes_view rest) {
  protocol::bytes payload{static_cast<std::uint8_t>(type)};
  payload.insert(payload.end(), rest.begin(), rest.end());
  co_return co_await send(payload);
}

awaitable<server_conversation::answer> server_conversation::send(protocol::bytes_view command) {
  const auto type = static_cast<protocol::command>(command.front());
  protocol::bytes packet;
  std::uint8_t sequence_id = 0;
  protocol::append_packet(packet, sequence_id, command);
  if (!protocol::has_no_response(type)) tracker_.expect(type);
  if (const auto ec = co_await over_.write_all(packet)) co_return lost(ec.message());
  co_return co_await read_answer();
}

awaitable<server_conversation::answer> server_conversation::query(std::string_view text) {
  const auto command = own_query(text, negotiated_);
  co_return co_await send(command);
}

awaitable<server_conversation::answer> server_conversation::read_answer() {
  answer told;
  while (!tracker_.idle()) {
    if (const auto ec = co_await over_.readable()) co_return lost(ec.message());
    const auto got = over_.read_some(scratch_);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) co_return lost("it closed without an answer");
    if (told.packets.size() + got.size > answer_max_) co_return lost("its answer is too large");
    const protocol::bytes_view fresh = scratch_.first(got.size);
    told.packets.insert(told.packets.end(), fresh.begin(), fresh.end());
    for (std::size_t at = 0; at < fresh.size();) at += tracker_.advance(fresh.subspan(at)).consumed;
  }
  if (tracker_.last_error() != 0) told.error = last_error(told.packets);
  told.prepared_id = tracker_.prepared_id();
  co_return told;
}

}  // namespace sessiongate::proxy
