// One TCP connection, to a client or to a backend. Belongs to one worker; nothing here blocks, and nothing here is safe from
// another thread.
//
// Two awaitables, readable() and writable(), and two calls that do at once what can be done: an idle connection holds no
// buffer, and a read goes into whatever memory the caller has at hand.
#pragma once

#include "protocol/bytes.hpp"
#include "session/endpoint.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
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

class stream {
 public:
  using socket = boost::asio::ip::tcp::socket;

  /// Not connected yet.
  explicit stream(boost::asio::any_io_executor executor);
  explicit stream(socket connected);

  /// operation_aborted: it was closed here meanwhile. A stream may connect again after a failure.
  awaitable<error_code> connect(boost::asio::ip::tcp::endpoint to);

  /// TCP_NODELAY (statements are small), keepalive (dead peers are noticed), non-blocking.
  void configure();

  /// Until a read would not block. An error means that the connection was closed here.
  awaitable<error_code> readable();
  awaitable<error_code> writable();

  io_result read_some(std::span<std::uint8_t> into);
  io_result write_some(protocol::bytes_view from);
  /// Writes all, waiting where it must. `from` has to stay valid.
  awaitable<error_code> write_all(protocol::bytes_view from);

  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  /// Wakes whoever waits. Idempotent.
  void close();
  [[nodiscard]] session::endpoint remote() const;
  [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }

 private:
  socket socket_;
};

session::endpoint to_endpoint(const boost::asio::ip::tcp::endpoint& from);

}  // namespace sessiongate::proxy
