// The compressed protocol ("Compression: Compressed Packet"): the ordinary byte stream, packets and all, in pieces.
// Each has a header of 7 bytes: its length, a sequence id, and its length when it is uncompressed, or 0 when it is not
// compressed.
//
// Where the pieces are cut means nothing to the packets in them, with one exception: a command starts a piece with
// sequence id 0, and what answers it starts one with the number behind the command's last. In a dialogue each end
// counts on from what it read last. Servers refuse other numbers, and so does libmysqlclient.
#pragma once

#include "protocol/compression.hpp"
#include "protocol/packet.hpp"
#include "protocol/packet_renumbering.hpp"

#include <optional>
#include <utility>

namespace sessiongate::protocol {

inline constexpr std::size_t compressed_header_size = 7;

/// From pieces to the byte stream, cut anywhere on both sides. Holds some of the pool's memory in the middle of a piece
/// only, and none of the bytes.
class compressed_reader {
 public:
  compressed_reader(compression algorithm, bool reads_commands, compression_pool& pool)
      : algorithm_(algorithm), pool_(pool), ids_(reads_commands) {}

  struct step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool began = false;  // a piece: next_sequence_id() is new
  };
  /// Goes on until `input` is used up or `into` is full. malformed_compression: a piece that is not compressed as it
  /// should be, or that is not as long as it says; what came before it is given first.
  result<step> read(bytes_view input, std::span<std::uint8_t> into);

  /// What went the other way meanwhile: what comes next answers it.
  void wrote(std::uint8_t packet_id, bool is_new, std::uint8_t answer) { ids_.wrote(packet_id, is_new, answer); }

  /// Without more input, a read may give something.
  [[nodiscard]] bool may_hold_output() const { return full_; }
  /// Of the piece that was begun last, plus one.
  [[nodiscard]] std::uint8_t next_sequence_id() const { return next_sequence_id_; }

 private:
  result<void> advance(bytes_view input, std::span<std::uint8_t> into, step& done);
  result<void> begin_piece();
  result<step> read_body(bytes_view input, std::span<std::uint8_t> into);
  result<step> uncompress(bytes_view input, std::span<std::uint8_t> into);

  compression algorithm_;
  compression_pool& pool_;
  packet_renumbering ids_;
  std::array<std::uint8_t, compressed_header_size> head_{};
  std::size_t head_size_ = 0;
  std::size_t rest_ = 0;    // bytes of the piece that have not come yet
  std::size_t unread_ = 0;  // bytes that it has still to give
  std::unique_ptr<uncompressor> running_;
  bool in_piece_ = false;
  bool ended_ = false;
  bool full_ = false;
  bool failed_ = false;
  std::uint8_t next_sequence_id_ = 0;
};

/// From the byte stream to pieces. Of the bytes it holds half a packet's head at most, which would be of no use to the
/// other end.
class compressed_writer {
 public:
  struct options {
    compression algorithm = compression::zlib;
    int level = 0;               // 0: the algorithm's default
    std::size_t size_min = 50;   // bytes: a shorter piece is not compressed
    bool sends_commands = true;  // this end is the client
  };

  compressed_writer(options how, compression_pool& pool) : how_(how), pool_(pool) {}

  /// Appends pieces for the beginning of `plain`, and gives the size of that: a chunk at most.
  std::size_t write(bytes& out, bytes_view plain);

  /// Of the packet that was begun last; whether that was since the last call; and of the piece that comes next.
  [[nodiscard]] std::uint8_t packet_id() const { return packet_id_; }
  [[nodiscard]] bool take_packet_begun() { return std::exchange(packet_begun_, false); }
  [[nodiscard]] std::uint8_t next_sequence_id() const { return next_sequence_id_; }

  /// The other end's piece was read: what starts next is counted on from it.
  void answer(std::uint8_t next_sequence_id) {
    answer_id_ = next_sequence_id;
    heard_ = true;
  }

 private:
  std::size_t complete_head(bytes& out, bytes_view plain);
  void keep_head(bytes_view part);
  void begin_packet(packet_header header);
  [[nodiscard]] std::optional<std::uint8_t> start_of(std::uint8_t sequence_id) const;
  void start(std::uint8_t number);
  void write_piece(bytes& out, bytes_view plain);

  options how_;
  compression_pool& pool_;
  std::size_t rest_ = 0;  // bytes of the packet under way
  std::array<std::uint8_t, packet_header_size> head_{};
  std::size_t head_size_ = 0;
  std::uint8_t packet_id_ = 0xFF;  // sequence id of the packet written last
  std::uint8_t next_sequence_id_ = 0;
  std::uint8_t answer_id_ = 0;
  bool heard_ = false;  // answer_id_ has not been used
  bool packet_begun_ = false;
};

}  // namespace sessiongate::protocol
