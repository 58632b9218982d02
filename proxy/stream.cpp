#include "proxy/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <sys/socket.h>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

io_result failed_io() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {io_result::status::would_block, 0, {}};
  return {io_result::status::closed, 0, error_code(errno, boost::system::system_category())};
}

awaitable<error_code> wait(stream::socket& on, stream::socket::wait_type what) {
  if (!on.is_open()) co_return asio::error::operation_aborted;
  const auto [ec] = co_await on.async_wait(what, asio::as_tuple(asio::use_awaitable));
  co_return ec;
}

}  // namespace

stream::stream(asio::any_io_executor executor) : socket_(std::move(executor)) {}
stream::stream(socket connected) : socket_(std::move(connected)) {}

awaitable<error_code> stream::connect(asio::ip::tcp::endpoint to) {
  error_code ec;
  socket_.close(ec);
  const auto [failed] = co_await socket_.async_connect(to, asio::as_tuple(asio::use_awaitable));
  if (!failed) configure();
  co_return failed;
}

void stream::configure() {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
}

awaitable<error_code> stream::readable() { return wait(socket_, socket::wait_read); }
awaitable<error_code> stream::writable() { return wait(socket_, socket::wait_write); }

io_result stream::read_some(std::span<std::uint8_t> into) {
  const auto got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
  if (got > 0) return {io_result::status::done, static_cast<std::size_t>(got), {}};
  if (got == 0) return {io_result::status::closed, 0, {}};
  return failed_io();
}

io_result stream::write_some(protocol::bytes_view from) {
  const auto put = ::send(socket_.native_handle(), from.data(), from.size(), MSG_NOSIGNAL);
  if (put >= 0) return {io_result::status::done, static_cast<std::size_t>(put), {}};
  return failed_io();
}

awaitable<error_code> stream::write_all(protocol::bytes_view from) {
  while (!from.empty()) {
    const auto put = write_some(from);
    if (put.what == io_result::status::closed) co_return put.ec;
    from = from.subspan(put.size);
    if (put.what == io_result::status::done) continue;
    if (const auto ec = co_await writable()) co_return ec;
  }
  co_return error_code();
}

void stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

session::endpoint stream::remote() const {
  error_code ec;
  const auto at = socket_.remote_endpoint(ec);
  return ec ? session::endpoint() : to_endpoint(at);
}

session::endpoint to_endpoint(const asio::ip::tcp::endpoint& from) { return {from.address().to_string(), from.port()}; }

}  // namespace sessiongate::proxy
