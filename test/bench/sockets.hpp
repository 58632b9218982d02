// TCP for the bench programs. Failures are exceptions: a benchmark that lost a connection has nothing to report.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace sessiongate::bench {

/// Owns a file descriptor.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor();

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// A numeric IPv4 address and a port.
struct address {
  std::string host;
  std::uint16_t port = 0;
};

/// "127.0.0.1:3306". Throws std::invalid_argument.
address parse_address(const std::string& text);

/// Throws std::system_error with errno and `what`.
[[noreturn]] void fail(const char* what);

descriptor connect_to(const address& to);  // blocking, without Nagle's delay
descriptor listen_on(const address& at);   // not blocking
/// Not blocking, without Nagle's delay; not open when nobody waits to be accepted.
descriptor accept_from(const descriptor& listener);
void make_nonblocking(const descriptor& socket);

/// For blocking sockets. The end of the stream is an error for both.
void write_all(const descriptor& socket, protocol::bytes_view from);
std::size_t read_some(const descriptor& socket, std::span<std::uint8_t> into);

/// An epoll instance, level-triggered.
descriptor make_epoll();
/// `operation` is EPOLL_CTL_ADD or EPOLL_CTL_MOD; `who` comes back with the events.
void watch(const descriptor& epoll, int operation, const descriptor& socket, std::uint32_t events, void* who);

/// As many descriptors as the process may have at all.
void raise_descriptor_limit();

}  // namespace sessiongate::bench
