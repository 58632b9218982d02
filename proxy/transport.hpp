// What lies between a stream's users and its socket: TLS, compression, or the one on the other. Owned by its stream, on
// the stream's thread.
//
// Reads and writes mean what they mean on a stream. Input that was received and not given away yet is the transport's
// (holds_input() tells, and the stream counts as readable). Output that the socket does not take is the transport's,
// too, but the bytes that it stands for are reported as written only when all of it is gone: so whoever writes waits
// for the socket as he would without a transport.
#pragma once

#include "proxy/stream.hpp"

#include <memory>
#include <optional>

namespace sessiongate::proxy {

class transport {
 public:
  explicit transport(stream& socket) : socket_(socket) {}
  virtual ~transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  virtual io_result read_some(std::span<std::uint8_t> into) = 0;
  virtual io_result write_some(protocol::bytes_view from) = 0;
  /// The next read gives bytes, or the end, whatever the socket has.
  [[nodiscard]] virtual bool holds_input() const = 0;
  [[nodiscard]] virtual bool encrypts() const { return false; }
  /// Last words before the socket is closed; what does not go out at once is dropped.
  virtual void finish() = 0;

  void put_on(std::unique_ptr<transport> below) { below_ = std::move(below); }

 protected:
  io_result receive_below(std::span<std::uint8_t> into);
  io_result send_below(protocol::bytes_view from);
  [[nodiscard]] bool below_holds_input() const { return below_ && below_->holds_input(); }
  void finish_below() {
    if (below_) below_->finish();
  }

  /// Sends `coded`, which stands for `plain_size` bytes of the writer's.
  io_result send_coded(protocol::bytes_view coded, std::size_t plain_size);
  /// Sends what an earlier write left. none: there is nothing any more, and nothing to report.
  std::optional<io_result> settle(std::size_t offered);
  [[nodiscard]] bool holds_output() const { return !unsent_.empty(); }
  io_result flush();

 private:
  stream& socket_;
  std::unique_ptr<transport> below_;
  protocol::bytes unsent_;  // coded, not taken by what is below; no memory when there is none
  std::size_t owed_ = 0;    // bytes that unsent_ stands for
};

}  // namespace sessiongate::proxy
