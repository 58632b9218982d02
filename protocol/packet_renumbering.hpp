// The sequence ids of packets that came in compressed pieces. Only the pieces' numbers count there: client libraries
// leave the ids of their packets at 0, and servers let theirs jump. This gives the packets the ids of a conversation
// without compression, in place, for whoever reads them on the other side of the proxy.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sessiongate::protocol {

class packet_renumbering {
 public:
  /// The packets are a client's, or else a server's.
  explicit packet_renumbering(bool reads_commands) : reads_commands_(reads_commands) {}

  /// What went the other way: the last packet's id, whether it is a new one, and the number of a piece that answers it.
  void wrote(std::uint8_t packet_id, bool is_new, std::uint8_t answer) {
    written_id_ = packet_id;
    written_ = written_ || is_new;
    answer_ = answer;
  }
  void begin_piece(std::uint8_t number);
  /// The next bytes that came out of pieces.
  void apply(std::span<std::uint8_t> plain);

 private:
  std::uint8_t next_id();

  bool reads_commands_;
  bool commands_ = true;    // the client's packets are commands, not its part in a dialogue
  bool restarts_ = false;   // the server's next packet starts a response
  bool continues_ = false;  // the packet is the next part of a long one
  bool written_ = false;    // something went the other way since
  std::uint8_t written_id_ = 0;
  std::uint8_t answer_ = 0;
  std::uint8_t piece_ = 0xFF;
  std::uint8_t id_ = 0;
  std::uint8_t head_size_ = 0;  // bytes of the head that were seen
  std::uint32_t length_ = 0;    // from them
  std::size_t rest_ = 0;        // bytes of the packet under way
};

}  // namespace sessiongate::protocol
