#include "proxy/stream.hpp"

#include "proxy/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds full_queue_pause{5};
constexpr std::size_t send_turn = 131072;  // bytes
constexpr int discard_turns_max = 16;

error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

io_result failed_io() {
  if (would_block() || errno == EINTR) return {io_result::status::would_block, 0, {}};
  return {io_result::status::closed, 0, last_error()};
}

error_code pending_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
  return {error, boost::system::system_category()};
}

/// Two waits of which the first to end ends the other.
struct twin_wait {
  wait_slot both_ended;
  int waiting = 2;

  awaitable<void> run(stream& own, stream& twin) {
    if (waiting == 2) co_await own.readable();
    if (--waiting == 0) co_return both_ended.wake();
    twin.wake_reader();
  }
};

}  // namespace

awaitable<void> either_readable(stream& one, stream& other) {
  const auto executor = co_await asio::this_coro::executor;
  twin_wait twins;
  asio::co_spawn(executor, twins.run(one, other), asio::detached);
  asio::co_spawn(executor, twins.run(other, one), asio::detached);
  while (twins.waiting != 0) co_await twins.both_ended.wait();
}

void configure_socket(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

stream::stream(poller& on) : poller_(on) {}

stream::stream(poller& on, int descriptor) : poller_(on) {
  watch_.descriptor = descriptor;
}

stream::~stream() {
  close();
}

asio::generic::stream_protocol::endpoint stream::local_address() const {
  asio::generic::stream_protocol::endpoint at;
  auto size = static_cast<socklen_t>(at.capacity());
  if (::getsockname(watch_.descriptor, at.data(), &size) == 0) at.resize(size);
  return at;
}

awaitable<error_code> stream::connect(asio::generic::stream_protocol::endpoint to) {
  close();
  const int descriptor = ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return last_error();
  watch_.descriptor = descriptor;
  configure_socket(descriptor);
  const auto size = static_cast<socklen_t>(to.size());
  int failed = ::connect(descriptor, to.data(), size);
  while (failed != 0 && errno == EAGAIN) {  // a Unix socket whose queue is full: there is nothing to wait for
    asio::steady_timer pause(poller_.executor(), full_queue_pause);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!is_open()) co_return asio::error::operation_aborted;
    failed = ::connect(descriptor, to.data(), size);
  }
  if (failed == 0) co_return error_code();
  if (errno != EINPROGRESS) co_return last_error();
  if (const auto ec = co_await writable()) co_return ec;
  co_return pending_error(watch_.descriptor);
}

int stream::duplicate() {
  const int other = is_open() ? ::fcntl(watch_.descriptor, F_DUPFD_CLOEXEC, 0) : -1;
  if (other >= 0) watch_.duplicated = true;
  return other;
}

void stream::close() {
  if (!is_open()) return;
  if (top_) top_->finish();
  top_.reset();
  encrypted_ = false;
  poller_.forget(watch_);
  ::close(watch_.descriptor);
  watch_.descriptor = -1;
  for (auto* slot : {&watch_.readable, &watch_.writable}) {
    if (slot->occupied()) asio::post(poller_.executor(), slot->take());
  }
}

bool stream::is_quiet() const {
  if (!is_open() || (top_ != nullptr && top_->holds_input())) return false;
  ::pollfd look{.fd = watch_.descriptor, .events = POLLIN | POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) == 0;
}

void stream::discard_input(std::span<std::uint8_t> scratch) {
  for (int turn = 0; turn < discard_turns_max && is_open(); ++turn) {
    if (receive(scratch).what != io_result::status::done) break;
  }
}

void stream::reset() {
  int untaken = 0;
  if (is_open() && ::ioctl(watch_.descriptor, SIOCOUTQ, &untaken) == 0 && untaken == 0) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(watch_.descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close();
}

/// That a socket can be written to is told when a good part of its buffer is free: a slow peer takes some long before
/// that. So the bytes that it has still to take are looked at, too.
std::optional<std::uint64_t> stream::write_progress() const {
  if (!watch_.writable.occupied()) return std::nullopt;
  int untaken = 0;
  if (::ioctl(watch_.descriptor, SIOCOUTQ, &untaken) != 0) untaken = 0;
  return std::uint64_t{write_waits_} << 32U | static_cast<std::uint32_t>(untaken);
}

bool stream::peer_has_closed() const {
  ::pollfd look{.fd = watch_.descriptor, .events = POLLRDHUP, .revents = 0};
  return ::poll(&look, 1, 0) > 0;
}

io_result stream::receive(std::span<std::uint8_t> into) {
  const auto got = ::recv(watch_.descriptor, into.data(), into.size(), 0);
  if (got > 0) {
    const auto size = static_cast<std::size_t>(got);
    if (size < into.size() && !watch_.ending) watch_.may_read = false;
    return {io_result::status::done, size, {}};
  }
  if (got == 0) return {io_result::status::closed, 0, {}};
  if (would_block()) watch_.may_read = false;
  return failed_io();
}

io_result stream::send(protocol::bytes_view from) {
  const auto put = ::send(watch_.descriptor, from.data(), from.size(), MSG_NOSIGNAL);
  if (put >= 0) return {io_result::status::done, static_cast<std::size_t>(put), {}};
  if (would_block()) watch_.may_write = false;
  return failed_io();
}

void stream::cover_with(std::unique_ptr<transport> layer) {
  layer->put_on(std::move(top_));
  top_ = std::move(layer);
  encrypted_ = encrypted_ || top_->encrypts();
  if (top_->holds_input()) watch_.may_read = true;
}

/// The poller knows of the socket only: what a transport holds counts as readable, too.
io_result stream::read_through(std::span<std::uint8_t> into) {
  const auto got = top_->read_some(into);
  if (top_->holds_input()) watch_.may_read = true;
  return got;
}

io_result stream::write_through(protocol::bytes_view from) {
  return top_->write_some(from);
}

awaitable<error_code> stream::readable() {
  if (!is_open()) co_return asio::error::operation_aborted;
  poller_.expect_readable(watch_);
  co_await watch_.readable.wait();
  co_return is_open() ? error_code() : asio::error::operation_aborted;
}

awaitable<error_code> stream::writable() {
  if (!is_open()) co_return asio::error::operation_aborted;
  ++write_waits_;
  poller_.expect_writable(watch_);
  co_await watch_.writable.wait();
  co_return is_open() ? error_code() : asio::error::operation_aborted;
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

/// In turns with the thread's other sockets: the answer to a listing can be megabytes, which a socket may take at once.
task<error_code> stream::send_all(protocol::bytes_view from) {
  while (!from.empty()) {
    const auto put = write_some(from.first(std::min(from.size(), send_turn)));
    if (put.what == io_result::status::closed) co_return put.ec;
    from = from.subspan(put.size);
    if (from.empty()) break;
    if (!co_await until_writable()) co_return asio::error::operation_aborted;
  }
  co_return error_code();
}

}  // namespace sessiongate::proxy
