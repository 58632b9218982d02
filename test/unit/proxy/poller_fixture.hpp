// What the poller's tests share: streams over socket pairs on one poller, and waiters that note what they saw.
#pragma once

#include "proxy/loopback.hpp"
#include "proxy/poller.hpp"
#include "proxy/stream.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sessiongate::proxy::poller_test {

using namespace std::chrono_literals;

/// What a waiter saw.
struct waking {
  int count = 0;
  bool open = false;
};

inline detached_task wait_readable(stream& on, waking& seen) {
  seen.open = co_await on.until_readable();
  ++seen.count;
}

inline detached_task wait_writable(stream& on, waking& seen) {
  seen.open = co_await on.until_writable();
  ++seen.count;
}

/// Two streams on the same poller.
struct pair {
  explicit pair(poller& on) : pair(on, make()) {}

  stream left;
  stream right;

 private:
  pair(poller& on, std::array<int, 2> descriptors) : left(on, descriptors[0]), right(on, descriptors[1]) {}
  static std::array<int, 2> make() {
    std::array<int, 2> made{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, made.data()) == 0);
    return made;
  }
};

inline const std::array<std::uint8_t, 1> one_byte{'x'};

inline void put_byte(stream& into) {
  REQUIRE(into.write_some(one_byte).size == 1);
}

/// Into a larger buffer, as a relay reads: what comes back short was all.
inline void take_byte(stream& from) {
  std::array<std::uint8_t, 16> buffer{};
  REQUIRE(from.read_some(buffer).size == 1);
}

/// Writes until nothing goes into the socket any more. Gives the size.
inline std::size_t fill(stream& into) {
  const std::vector<std::uint8_t> bytes(65536);
  std::size_t written = 0;
  for (auto put = into.write_some(bytes); put.what == io_result::status::done; put = into.write_some(bytes)) {
    written += put.size;
  }
  return written;
}

struct fixture {
  test::reactor on;

  void run_until_woken(const waking& seen, int count = 1) {
    test::run_until(on.context, [&] { return seen.count >= count; });
  }
  /// Handlers that the io_context ran in 100 ms: each round of the poller is one. Spinning would be thousands.
  std::size_t rounds() {
    on.context.restart();
    return on.context.run_for(100ms);
  }
  /// Registers the stream for reading, with nobody waiting any more and nothing left to read.
  void use_once(stream& reader, stream& writer) {
    waking seen;
    wait_readable(reader, seen);
    put_byte(writer);
    run_until_woken(seen);
    take_byte(reader);
  }
};

constexpr std::size_t few = 5;

}  // namespace sessiongate::proxy::poller_test
