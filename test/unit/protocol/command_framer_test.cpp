#include "protocol/command_framer.hpp"

#include <catch2/catch.hpp>

#include "protocol/packet.hpp"

#include <string>
#include <vector>

namespace sessiongate::protocol {
namespace {

using kind = command_framer::kind;

bytes packet(std::string_view payload, std::uint8_t sequence_id = 0) {
  bytes out;
  append_packet(out, sequence_id, as_bytes(payload));
  return out;
}

bytes operator+(bytes left, const bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct seen_command {
  command type{};
  std::size_t at = 0;
  std::size_t size = 0;
  bool operator==(const seen_command&) const = default;
};

struct outcome {
  bytes body;
  std::vector<seen_command> commands;
  bool operator==(const outcome&) const = default;
};

/// A caller that keeps what was not consumed and forwards every command.
class reader {
 public:
  command_framer framer;
  outcome seen;

  void feed(bytes_view chunk) {
    kept_.insert(kept_.end(), chunk.begin(), chunk.end());
    bytes_view rest = kept_;
    for (auto step = framer.next(rest); step.what != kind::need_more; step = framer.next(rest)) {
      if (step.what == kind::command) {
        seen.commands.push_back({step.type, seen.body.size(), step.size});
        framer.forward_command(step);
        continue;
      }
      REQUIRE(step.size > 0);
      seen.body.insert(seen.body.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(step.size));
      rest = rest.subspan(step.size);
    }
    kept_ = bytes(rest.begin(), rest.end());
  }

  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

 private:
  bytes kept_;
};

outcome read_whole(bytes_view input) {
  reader one;
  one.feed(input);
  CHECK(one.framer.at_command_start());
  return one.seen;
}

outcome read_everyhow(bytes_view input) {
  const auto whole = read_whole(input);
  reader by_byte;
  for (std::size_t at = 0; at < input.size(); ++at) by_byte.feed(input.subspan(at, 1));
  if (by_byte.seen != whole) FAIL("byte by byte: not the same");
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    reader in_two;
    in_two.feed(input.first(cut));
    in_two.feed(input.subspan(cut));
    if (in_two.seen != whole) FAIL("cut at " << cut << ": not the same");
  }
  CHECK(whole.body == bytes(input.begin(), input.end()));
  return whole;
}

TEST_CASE("command_framer reports pipelined commands with their type and place") {
  const auto input = packet("\x03SELECT 1") + packet("\x16SELECT ?") + packet("\x0E") + packet("\x01");
  const auto seen = read_everyhow(input);
  CHECK(seen.commands ==
        std::vector<seen_command>{
            {command::query, 0, 13}, {command::stmt_prepare, 13, 13}, {command::ping, 26, 5}, {command::quit, 31, 5}});
}

TEST_CASE("command_framer reports a command without consuming it, with what is there of its payload") {
  const auto input = packet("\x03SELECT 1", 7);
  command_framer framer;
  const auto first = framer.next(bytes_view(input).first(8));
  CHECK(first.what == kind::command);
  CHECK(first.type == command::query);
  CHECK(first.sequence_id == 7);
  CHECK(first.size == input.size());
  CHECK(as_text(first.payload) == "\x03SEL");
  CHECK(framer.at_command_start());

  const auto with_next = input + packet("\x0E");
  const auto again = framer.next(with_next);
  CHECK(as_text(again.payload) == "\x03SELECT 1");
}

TEST_CASE("command_framer needs five bytes of a command") {
  const auto input = packet("\x0E");
  for (std::size_t size = 0; size < 5; ++size) {
    command_framer framer;
    CHECK(framer.next(bytes_view(input).first(size)).what == kind::need_more);
  }
  CHECK(command_framer().next(input).what == kind::command);
}

TEST_CASE("command_framer takes an empty packet for a sleep command") {
  const auto seen = read_everyhow(packet("") + packet("\x0E"));
  CHECK(seen.commands == std::vector<seen_command>{{command::sleep, 0, 4}, {command::ping, 4, 5}});
}

TEST_CASE("command_framer keeps no state of a command that the caller consumed itself") {
  command_framer framer;
  const auto own = packet("\x03SHOW PROXYSESSION");
  CHECK(framer.next(own).type == command::query);
  CHECK(framer.at_command_start());
  CHECK(framer.next(packet("\x0E")).type == command::ping);
}

TEST_CASE("command_framer is inside a command until its last byte has passed") {
  command_framer framer;
  const auto input = packet("\x03SELECT 1");
  framer.forward_command(framer.next(input));
  CHECK_FALSE(framer.at_command_start());
  CHECK(framer.next(bytes_view(input).first(6)).size == 6);
  CHECK_FALSE(framer.at_command_start());
  CHECK(framer.next({}).what == kind::need_more);
  CHECK(framer.next(bytes_view(input).subspan(6)).size == 7);
  CHECK(framer.at_command_start());
}

TEST_CASE("command_framer follows a command over full packets") {
  const auto rest_size = GENERATE(0U, 1U, 0xFFFFFFU);
  const std::string text(1, '\x03');
  const auto input = packet(text + std::string(packet_payload_max - 1 + rest_size, 'x')) + packet("\x0E");
  const auto whole = read_whole(input);
  REQUIRE(whole.commands.size() == 2);
  CHECK(whole.commands[0] == seen_command{command::query, 0, packet_header_size + packet_payload_max});
  CHECK(whole.commands[1] == seen_command{command::ping, input.size() - 5, 5});
  CHECK(whole.body == input);

  const std::size_t boundary = packet_header_size + packet_payload_max;
  for (const auto cut : {boundary - 1, boundary, boundary + 1, boundary + 3, boundary + 4, input.size() - 6}) {
    reader in_two;
    in_two.feed(bytes_view(input).first(cut));
    CHECK(in_two.framer.at_command_start() == (cut == input.size() - 5));
    in_two.feed(bytes_view(input).subspan(cut));
    CHECK((in_two.seen == whole));
  }
}

TEST_CASE("command_framer passes a file until an empty packet, then commands again") {
  const auto file = packet("\x03 not a command", 2) + packet("\x01", 3) + packet("", 4);
  const auto input = file + packet("\x0E");
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    reader one;
    one.framer.expect_file();
    CHECK_FALSE(one.framer.at_command_start());
    one.feed(bytes_view(input).first(cut));
    one.feed(bytes_view(input).subspan(cut));
    CHECK(one.seen.commands == std::vector<seen_command>{{command::ping, file.size(), 5}});
    CHECK(one.seen.body == input);
  }
}

TEST_CASE("command_framer ends an empty file at once") {
  reader one;
  one.framer.expect_file();
  one.feed(packet("", 2) + packet("\x0E"));
  CHECK(one.seen.commands == std::vector<seen_command>{{command::ping, 4, 5}});
}

TEST_CASE("command_framer takes no full packet of a file for one that continues") {
  const bytes full = [] {
    auto data = packet(std::string(packet_payload_max, 'x'), 2);
    data.resize(packet_header_size + packet_payload_max);  // without the empty packet behind it
    return data;
  }();
  reader one;
  one.framer.expect_file();
  one.feed(full);
  CHECK_FALSE(one.framer.at_command_start());
  one.feed(packet("", 3));
  CHECK(one.framer.at_command_start());
}

TEST_CASE("command_framer gives as much of a file as is there in one step") {
  command_framer framer;
  framer.expect_file();
  const auto data = packet("one", 2) + packet("two", 3);
  CHECK(framer.next(data).size == data.size());
}

TEST_CASE("command_framer passes packets raw until it is told otherwise") {
  reader one;
  one.framer.begin_raw();
  const auto raw = packet("\x03password", 3) + packet("", 5) + packet("\x01", 7);
  one.feed(raw);
  CHECK(one.seen.commands.empty());
  CHECK(one.seen.body == raw);
  one.framer.end_raw();
  CHECK(one.framer.at_command_start());
  one.feed(packet("\x0E"));
  CHECK(one.seen.commands == std::vector<seen_command>{{command::ping, raw.size(), 5}});
}

TEST_CASE("command_framer passes the rest of a raw packet that had begun") {
  const auto raw = packet("\x03password", 3);
  reader one;
  one.framer.begin_raw();
  one.feed(bytes_view(raw).first(6));
  one.framer.end_raw();
  CHECK_FALSE(one.framer.at_command_start());
  one.feed(bytes_view(raw).subspan(6));
  CHECK(one.framer.at_command_start());
  one.feed(packet("\x0E"));
  CHECK(one.seen.commands == std::vector<seen_command>{{command::ping, raw.size(), 5}});
}

TEST_CASE("command_framer leaves a file alone when raw passing ends") {
  command_framer framer;
  framer.expect_file();
  framer.end_raw();
  CHECK(framer.next(packet("\x03 data", 2)).what == kind::body);
}

}  // namespace
}  // namespace sessiongate::protocol
