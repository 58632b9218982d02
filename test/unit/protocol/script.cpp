#include "protocol/script.hpp"

#include <catch2/catch.hpp>

#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {

std::ostream& operator<<(std::ostream& out, response_tracker::event value) {
  static constexpr std::string_view names[] = {"none",           "response_complete", "result_complete",
                                               "file_requested", "auth_requested",    "unsolicited"};
  return out << names[static_cast<std::size_t>(value)];
}

namespace script {

server& server::payload(bytes_view content) {
  append_packet(data_, sequence_id_, content);
  return *this;
}

server& server::long_payload(std::initializer_list<std::uint8_t> start, std::size_t size) {
  bytes content(start);
  content.resize(size, 'x');
  return payload(content);
}

server& server::eof(status_flags status) {
  return payload({0xFE, 0, 0, static_cast<std::uint8_t>(status), static_cast<std::uint8_t>(status >> 8U)});
}

server& server::err(std::uint16_t code) {
  bytes content;
  wire_writer writer(content);
  writer.write_u8(0xFF);
  writer.write_u16(code);
  writer.write_string("#HY000what went wrong");
  return payload(content);
}

server& server::definition() {
  bytes content;
  wire_writer writer(content);
  for (const auto* name : {"def", "d", "t", "t", "a", "a"}) writer.write_lenenc_string(name);
  writer.write_u8(0x0C);
  writer.write_zeros(12);
  return payload(content);
}

server& server::definitions(int count) {
  for (int i = 0; i < count; ++i) definition();
  return *this;
}

server& server::row(std::string_view text) {
  bytes content;
  wire_writer(content).write_lenenc_string(text);
  return payload(content);
}

server& server::ok_with(std::uint8_t header, status_flags status, std::string_view info) {
  bytes content;
  wire_writer writer(content);
  writer.write_u8(header);
  writer.write_lenenc_int(3);
  writer.write_lenenc_int(70000);
  writer.write_u16(status);
  writer.write_u16(1);
  if (!info.empty()) writer.write_lenenc_string(info);
  return payload(content);
}

server& server::state_ok(std::uint8_t header, status_flags status, std::string_view info, std::string_view schema) {
  bytes state;
  wire_writer state_writer(state);
  state_writer.write_u8(1);
  state_writer.write_lenenc_int(schema.size() + 1);
  state_writer.write_lenenc_string(schema);

  bytes content;
  wire_writer writer(content);
  writer.write_u8(header);
  writer.write_lenenc_int(3);
  writer.write_lenenc_int(70000);
  writer.write_u16(status | status_session_state_changed);
  writer.write_u16(1);
  writer.write_lenenc_string(info);
  writer.write_lenenc_string(as_text(state));
  return payload(content);
}

server& server::bytes_from_hex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    data_.push_back(static_cast<std::uint8_t>(digit(hex[at]) << 4U | digit(hex[at + 1])));
  }
  return *this;
}

std::vector<event> outcome::kinds() const {
  std::vector<event> all;
  for (const auto& one : events) all.push_back(one.what);
  return all;
}

namespace {

constexpr std::size_t copied_size_max = 1U << 16U;

void feed(response_tracker& tracker, bytes_view chunk, outcome& result, std::size_t& consumed) {
  while (!chunk.empty()) {
    const auto step = tracker.advance(chunk);
    if (step.consumed == 0 && step.forward.empty()) FAIL("no progress");
    result.forwarded.insert(result.forwarded.end(), step.forward.begin(), step.forward.end());
    consumed += step.consumed;
    chunk = chunk.subspan(step.consumed);
    if (step.what == event::none) continue;
    result.events.push_back({step.what, result.forwarded.size(), consumed, tracker.status(), tracker.last_error(),
                             bytes(step.state_ok.begin(), step.state_ok.end())});
  }
}

}  // namespace

outcome scenario::replay(bytes_view input, std::span<const std::size_t> cuts) const {
  response_tracker tracker;
  tracker.negotiated(backend, client);
  for (const auto one : commands) tracker.expect(one);
  outcome result;
  result.forwarded.reserve(input.size());
  std::size_t consumed = 0;
  std::size_t start = 0;
  for (const auto cut : cuts) {
    const auto chunk = input.subspan(start, cut - start);
    if (chunk.size() < copied_size_max) {
      // Memory of its own: AddressSanitizer then sees a look past the chunk's end.
      feed(tracker, bytes(chunk.begin(), chunk.end()), result, consumed);
    } else {
      feed(tracker, chunk, result, consumed);
    }
    start = cut;
  }
  feed(tracker, input.subspan(start), result, consumed);
  result.idle = tracker.idle();
  result.at_response_start = tracker.at_response_start();
  return result;
}

outcome scenario::replay_all(bytes_view input) const {
  std::vector<std::size_t> every;
  for (std::size_t at = 1; at < input.size(); ++at) every.push_back(at);
  return replay_around(input, every);
}

outcome scenario::replay_around(bytes_view input, std::span<const std::size_t> offsets) const {
  const auto whole = replay(input);
  if (replay(input, offsets) != whole) FAIL("cut at all offsets: not the same");
  for (const auto offset : offsets) {
    if (replay(input, {&offset, 1}) != whole) FAIL("cut at " << offset << ": not the same");
  }
  return whole;
}

}  // namespace script
}  // namespace sessiongate::protocol
