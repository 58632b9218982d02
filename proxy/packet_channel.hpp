// Whole packets over a stream, for the parts of a conversation that have to be understood: logins, and sessions that
// the proxy serves itself. Keeps what was read beyond a packet. Any packet may be a password: all memory that one
// passes through is wiped. Belongs to one worker, like its stream.
#pragma once

#include "proxy/admission.hpp"
#include "proxy/secret.hpp"
#include "proxy/stream.hpp"

#include "protocol/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sessiongate::proxy {

class packet_channel {
 public:
  /// `scratch` is read into; it may be shared with others on the same thread, nothing stays in it across a wait.
  packet_channel(stream& over, std::span<std::uint8_t> scratch, std::size_t payload_max)
      : over_(over), scratch_(scratch), payload_max_(payload_max) {}
  ~packet_channel() {
    if (budget_ != nullptr) budget_->give_back(charged_);
  }
  packet_channel(const packet_channel&) = delete;
  packet_channel& operator=(const packet_channel&) = delete;

  /// What it keeps above the first 16 KiB is counted there from now on, until the channel dies. no_buffer_space from
  /// read(): the budget is used up.
  void charge_to(memory_budget& budget) { budget_ = &budget; }

  struct received {
    error_code ec;  // asio::error::eof for an orderly end, message_size above the limit, no_buffer_space
    secret_bytes payload;
    bool in_order = false;  // its sequence id continues that of the last packet, read or written
  };

  /// The next packet's payload. Its sequence id decides that of the next packet written.
  awaitable<received> read();
  awaitable<error_code> write(protocol::bytes_view payload);

  /// Takes what has arrived, without waiting; true when read() will not wait.
  bool fetch();
  /// For what comes in front of the first packet: adds what arrives next to what has not been asked for,
  awaitable<error_code> receive();
  /// which is this,
  [[nodiscard]] protocol::bytes_view unread() const { return inbox_; }
  /// and takes its first bytes away.
  void drop(std::size_t size) { inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(size)); }

  /// What has been read and not been asked for.
  protocol::bytes take_rest();
  /// What another channel over the same stream had read.
  void put_rest(protocol::bytes_view rest) { inbox_.assign(rest.begin(), rest.end()); }

  [[nodiscard]] std::uint8_t next_sequence_id() const { return sequence_id_; }
  /// The next packet written starts a new command.
  void restart_sequence() { sequence_id_ = 0; }

 private:
  [[nodiscard]] bool packet_complete() const;
  [[nodiscard]] bool too_large() const;
  [[nodiscard]] bool may_keep(std::size_t size);
  void take();

  stream& over_;
  std::span<std::uint8_t> scratch_;
  std::size_t payload_max_;
  secret_bytes inbox_;
  error_code failure_;  // what the last read from the stream ended with
  memory_budget* budget_ = nullptr;
  std::size_t charged_ = 0;  // bytes
  std::uint8_t sequence_id_ = 0;
};

}  // namespace sessiongate::proxy
