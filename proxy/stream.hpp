// One connection over TCP or a Unix socket, to a client or to a backend. Belongs to one thread, its poller's; nothing
// here blocks, and nothing here is safe from another thread.
//
// Waiting until something can be done is apart from doing it: an idle connection holds no buffer, and a read goes into
// whatever memory the caller has at hand. Asio coroutines (logins, sessions that the proxy serves itself) and tasks
// (the data path) each have their own way to wait.
//
// TLS and compression lie on the stream as transports (transport.hpp): who reads and writes does not see them.
#pragma once

#include "proxy/poller.hpp"
#include "proxy/task.hpp"

#include "protocol/bytes.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace sessiongate::proxy {

using boost::asio::awaitable;
using boost::system::error_code;

/// What came of one read or write.
struct io_result {
  enum class status : std::uint8_t { done, would_block, closed };
  status what = status::done;
  std::size_t size = 0;  // bytes moved; done only
  error_code ec;         // closed: none for an orderly end
};

class transport;

class stream {
 public:
  /// Not connected yet.
  explicit stream(poller& on);
  /// Takes over a connected, non-blocking socket.
  stream(poller& on, int descriptor);
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  /// operation_aborted: it was closed here meanwhile. A stream may connect again after a failure.
  awaitable<error_code> connect(boost::asio::generic::stream_protocol::endpoint to);
  /// Where the peer has connected to.
  [[nodiscard]] boost::asio::generic::stream_protocol::endpoint local_address() const;

  [[nodiscard]] bool is_open() const { return watch_.descriptor >= 0; }
  /// One more descriptor of the socket, which the caller closes: the connection stays open for the peer until both are
  /// closed. Below zero when there is none.
  [[nodiscard]] int duplicate();
  /// While somebody waits until he may write: a number that stays the same only while the peer takes nothing. A system
  /// call.
  [[nodiscard]] std::optional<std::uint64_t> write_progress() const;
  /// The peer has closed its side, though what it sent before may not have been read. A system call.
  [[nodiscard]] bool peer_has_closed() const;
  /// Wakes whoever waits, soon and not on this stack. Idempotent.
  void close();
  /// Open, and nothing has arrived, not even the peer's end. A system call; not for one that somebody reads from.
  [[nodiscard]] bool is_quiet() const;
  /// Throws away what has arrived, up to a limit. Before close(): what lies unread there makes the kernel reset the
  /// connection, and a peer may lose by that what it has not read yet.
  void discard_input(std::span<std::uint8_t> scratch);
  /// As close(), but the peer sees a reset in place of an orderly end; not while it has still to take bytes, which a
  /// reset would throw away.
  void reset();

  /// On a stream with a transport, a write that was not done in full has to be followed by one that begins with the
  /// bytes that were left.
  io_result read_some(std::span<std::uint8_t> into) {
    if (top_ != nullptr) [[unlikely]]
      return read_through(into);
    return receive(into);
  }
  io_result write_some(protocol::bytes_view from) {
    if (top_ != nullptr) [[unlikely]]
      return write_through(from);
    return send(from);
  }

  /// From now on everything goes through `layer`, which goes on through what was there before.
  void cover_with(std::unique_ptr<transport> layer);
  /// TLS is one of the layers.
  [[nodiscard]] bool is_encrypted() const { return encrypted_; }

  // For transports: the socket itself.
  io_result receive(std::span<std::uint8_t> into);
  io_result send(protocol::bytes_view from);

  // For Asio coroutines. operation_aborted: closed here.
  awaitable<error_code> readable();
  awaitable<error_code> writable();
  /// Writes all, waiting where it must. `from` has to stay valid.
  awaitable<error_code> write_all(protocol::bytes_view from);

  /// Whoever waits in readable() goes on now, although there may be nothing: for one who waits for something else, too.
  void wake_reader() { watch_.readable.wake(); }

  /// For tasks: `if (!co_await stream.until_readable())` it was closed here.
  struct until_ready {
    stream& of;
    [[nodiscard]] bool await_ready() const noexcept { return !of.is_open(); }
    [[nodiscard]] bool await_resume() const noexcept { return of.is_open(); }
  };
  struct until_may_read : until_ready {
    void await_suspend(std::coroutine_handle<> waiting) const {
      of.watch_.readable.until_woken().await_suspend(waiting);
      of.poller_.expect_readable(of.watch_);
    }
  };
  struct until_may_write : until_ready {
    void await_suspend(std::coroutine_handle<> waiting) const {
      ++of.write_waits_;
      of.watch_.writable.until_woken().await_suspend(waiting);
      of.poller_.expect_writable(of.watch_);
    }
  };
  [[nodiscard]] until_may_read until_readable() { return {{*this}}; }
  [[nodiscard]] until_may_write until_writable() { return {{*this}}; }
  task<error_code> send_all(protocol::bytes_view from);

 private:
  io_result read_through(std::span<std::uint8_t> into);
  io_result write_through(protocol::bytes_view from);

  poller& poller_;
  watch watch_;
  std::uint32_t write_waits_ = 0;
  std::unique_ptr<transport> top_;
  bool encrypted_ = false;
};

/// Waits until one of the two is readable, or was closed here: look at both then.
awaitable<void> either_readable(stream& one, stream& other);

/// Statements are small (TCP_NODELAY), and dead peers have to be noticed (keepalive). On a listening socket it holds
/// for all that it accepts.
void configure_socket(int descriptor);

}  // namespace sessiongate::proxy
