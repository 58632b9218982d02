// Payloads of 0xFFFFFF bytes and more, which come in several packets.
#include "protocol/response_tracker.hpp"

#include "protocol/script.hpp"

#include <catch2/catch.hpp>

#include "protocol/packet.hpp"

namespace sessiongate::protocol {
namespace {

using script::event;
using script::scenario;
using script::server;
using events = std::vector<event>;

constexpr std::size_t full = packet_payload_max;
constexpr auto done = event::response_complete;

/// Cuts inside and around every header of the packets in `input`.
std::vector<std::size_t> packet_boundaries(const bytes& input) {
  std::vector<std::size_t> all;
  for (std::size_t at = 0; at < input.size();) {
    for (std::size_t near = at; near < at + 7 && near < input.size(); ++near) {
      if (near > 0 && (all.empty() || all.back() < near)) all.push_back(near);
    }
    at += packet_header_size + load_packet_header(input.data() + at).payload_length;
  }
  return all;
}

events replay(capabilities negotiated, std::vector<command> commands, const server& sent) {
  const auto cuts = packet_boundaries(sent.data());
  const auto outcome = scenario{negotiated, 0, std::move(commands)}.replay_around(sent.data(), cuts);
  CHECK((outcome.forwarded == sent.data()));
  return outcome.kinds();
}

TEST_CASE("response_tracker follows rows over full packets") {
  const auto size = GENERATE(as<std::size_t>{}, full - 1, full, full + 1, 2 * full, 2 * full + 100);
  const auto flags = GENERATE(as<capabilities>{}, 0, client_deprecate_eof);
  server out;
  out.payload({1}).definition();
  if (flags == 0) out.eof();
  out.row("one").long_payload({0xFD, 0xFF, 0xFF}, size).row("three");
  flags == 0 ? out.eof() : out.ok_end();
  CHECK(replay(flags, {command::query, command::ping}, out.restart_ids().ok()) == events{done, done});
}

TEST_CASE("response_tracker takes a row that starts with 0xFE and fills its packet for a row") {
  const auto flags = GENERATE(as<capabilities>{}, 0, client_deprecate_eof, client_deprecate_eof | client_session_track);
  server out;
  out.payload({1}).definition();
  if (!has(flags, client_deprecate_eof)) out.eof();
  // Behind the first packet comes what looks like an EOF, as the rest of the row.
  out.long_payload({0xFE, 0, 0, 0, 1, 0, 0, 0, 0}, full + 5);
  has(flags, client_deprecate_eof) ? out.ok_end() : out.eof();
  CHECK(replay(flags, {command::query}, out) == events{done});
}

TEST_CASE("response_tracker does not look at the rest of a long row") {
  bytes row(full, 'x');
  row.insert(row.end(), {0xFF, 0x28, 0x04, '#', 'H', 'Y', '0', '0', '0'});
  const auto out = server().payload({1}).definition().eof().payload(row).eof();
  CHECK(replay(0, {command::query}, out) == events{done});
}

TEST_CASE("response_tracker follows definitions over full packets") {
  const auto size = GENERATE(as<std::size_t>{}, full, full + 1);
  const auto out = server().payload({2}).long_payload({3, 'd', 'e', 'f'}, size).definition().eof().row("one").eof();
  CHECK(replay(0, {command::query}, out) == events{done});
  const auto listed = server().long_payload({3, 'd', 'e', 'f'}, size).definition().eof();
  CHECK(replay(0, {command::field_list}, listed) == events{done});
}

TEST_CASE("response_tracker follows streams and single packets over full packets") {
  const auto size = GENERATE(as<std::size_t>{}, full, full + 1);
  CHECK(replay(0, {command::binlog_dump}, server().long_payload({0, 1}, size).eof()) == events{done});
  CHECK(replay(0, {command::statistics, command::ping}, server().long_payload({'U'}, size).ok()) == events{done, done});
  CHECK(replay(0, {}, server().long_payload({'U'}, size)) == events{event::unsolicited});
}

TEST_CASE("response_tracker reports the end of a long error behind its last packet") {
  const auto out = server().long_payload({0xFF, 0x28, 0x04}, full + 3);
  CHECK(replay(0, {command::query, command::ping}, server(out).ok()) == events{done, done});
}

TEST_CASE("response_tracker passes a long packet on as it comes") {
  response_tracker tracker;
  tracker.expect(command::query);
  const auto head = server().payload({1}).definition().eof().data();
  REQUIRE(tracker.advance(head).consumed == head.size());
  const auto row = server().long_payload({0xFD, 0xFF, 0xFF}, full + 9).data();
  for (std::size_t at = 0; at < row.size(); at += 65536) {
    const auto chunk = bytes_view(row).subspan(at, std::min<std::size_t>(65536, row.size() - at));
    const auto step = tracker.advance(chunk);
    REQUIRE(step.consumed == chunk.size());
    REQUIRE(step.forward.size() == chunk.size());
  }
}

}  // namespace
}  // namespace sessiongate::protocol
