#include "test/bench/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace sessiongate::bench {

namespace {

sockaddr_in to_native(const address& from) {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(from.port);
  if (::inet_pton(AF_INET, from.host.c_str(), &native.sin_addr) != 1) {
    throw std::invalid_argument("no numeric IPv4 address: " + from.host);
  }
  return native;
}

void set_option(const descriptor& socket, int level, int name) {
  const int on = 1;
  ::setsockopt(socket.number(), level, name, &on, sizeof on);
}

}  // namespace

descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

address parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  address found;
  if (colon != std::string::npos) {
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, found.port);
    if (read.ec == std::errc() && read.ptr == end) {
      found.host = text.substr(0, colon);
      return found;
    }
  }
  throw std::invalid_argument("no HOST:PORT: " + text);
}

void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

descriptor connect_to(const address& to) {
  descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) fail("socket");
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  const auto native = to_native(to);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0) fail("connect");
  return socket;
}

descriptor listen_on(const address& at) {
  descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) fail("socket");
  set_option(socket, SOL_SOCKET, SO_REUSEADDR);
  const auto native = to_native(at);
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0) fail("bind");
  if (::listen(socket.number(), SOMAXCONN) != 0) fail("listen");
  return socket;
}

descriptor accept_from(const descriptor& listener) {
  descriptor socket(::accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  return socket;
}

void make_nonblocking(const descriptor& socket) {
  if (::fcntl(socket.number(), F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

void write_all(const descriptor& socket, protocol::bytes_view from) {
  while (!from.empty()) {
    const auto put = ::send(socket.number(), from.data(), from.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) fail("send");
    from = from.subspan(static_cast<std::size_t>(put));
  }
}

std::size_t read_some(const descriptor& socket, std::span<std::uint8_t> into) {
  for (;;) {
    const auto got = ::recv(socket.number(), into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) throw std::runtime_error("the connection was closed");
    if (errno != EINTR) fail("recv");
  }
}

descriptor make_epoll() {
  descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) fail("epoll_create1");
  return epoll;
}

void watch(const descriptor& epoll, int operation, const descriptor& socket, std::uint32_t events, void* who) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (::epoll_ctl(epoll.number(), operation, socket.number(), &event) != 0) fail("epoll_ctl");
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace sessiongate::bench
