// The client's side of the command phase: where does a command start and end, and which one is it. Any split of the
// byte stream will do; bodies are never looked at. ("Protocol Basics: Packets", "Command Phase".)
//
// The caller keeps the bytes. A round looks like this:
//
//   auto step = framer.next(input);
//   need_more   fewer than 5 bytes of a command are there: nothing consumed, come again with more behind them
//   command     a command starts at input[0]: nothing consumed; decide, then forward_command(), next()
//   body        the first step.size bytes go to the backend as they are
//
// A command that the caller keeps for itself never comes here again: the caller goes on with the input behind it.
// An empty packet in place of a command is one of type sleep without a payload; servers see it so.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/command.hpp"
#include "protocol/packet.hpp"

#include <cstddef>
#include <cstdint>

namespace sessiongate::protocol {

class command_framer {
 public:
  enum class kind : std::uint8_t { need_more, command, body };

  struct step {
    kind what = kind::need_more;
    std::size_t size = 0;           // body: bytes to forward; command: bytes of its first packet, header included
    command type = command::sleep;  // command only
    std::uint8_t sequence_id = 0;   // command only
    bytes_view payload;             // command only: as much of the first packet's payload as input holds

    /// command only: all of its first packet is there.
    [[nodiscard]] bool is_whole() const { return packet_header_size + payload.size() == size; }
  };

  [[nodiscard]] step next(bytes_view input) {
    return between_packets() && mode_ == mode::commands ? next_command(input) : pass_packets(input);
  }

  /// The command that next() just reported goes on to the backend: the following next() gives its bytes.
  void forward_command(const step& started) {
    body_left_ = static_cast<std::uint32_t>(started.size);
    continues_ = started.size == packet_header_size + packet_payload_max;
  }

  /// The server asked for a file (LOCAL INFILE): packets are data until an empty one has passed.
  void expect_file() { mode_ = mode::file; }
  /// Authentication inside the session, or a replication stream: packets are no commands until end_raw().
  void begin_raw() { mode_ = mode::raw; }
  /// What is missing of a packet that has begun to pass still comes as body.
  void end_raw() {
    if (mode_ == mode::raw) mode_ = mode::commands;
  }

  /// Between two commands, with nothing of one passed on.
  [[nodiscard]] bool at_command_start() const { return mode_ == mode::commands && between_packets(); }

 private:
  enum class mode : std::uint8_t { commands, file, raw };

  [[nodiscard]] bool between_packets() const { return body_left_ == 0 && !continues_; }
  [[nodiscard]] static step next_command(bytes_view input);
  [[nodiscard]] step pass_packets(bytes_view input);
  void begin_packet(std::uint32_t payload_length);

  std::uint32_t body_left_ = 0;  // bytes of the present packet (header included) that have not come yet
  mode mode_ = mode::commands;
  bool continues_ = false;  // the present packet is full: the next one belongs to the same command
};

}  // namespace sessiongate::protocol
