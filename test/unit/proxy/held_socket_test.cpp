#include "proxy/held_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <optional>

namespace sessiongate::proxy {
namespace {

struct pair {
  pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  ~pair() {
    for (const int each : ends) {
      if (each >= 0) ::close(each);
    }
  }
  void close(std::size_t at) {
    ::close(ends.at(at));
    ends.at(at) = -1;
  }
  pair(const pair&) = delete;
  pair& operator=(const pair&) = delete;

  std::array<int, 2> ends{-1, -1};
};

/// What the server reads: -1 while the connection is open and silent, 0 when it was closed.
ssize_t look(int descriptor) {
  char byte = 0;
  return ::recv(descriptor, &byte, 1, MSG_DONTWAIT);
}

TEST_CASE("a held socket keeps the connection open for the server", "[proxy][held_socket]") {
  pair connection;
  std::optional<held_socket> held(std::in_place, ::dup(connection.ends[0]));
  connection.close(0);
  CHECK(look(connection.ends[1]) == -1);
  CHECK(held->is_open());
  held.reset();
  CHECK(look(connection.ends[1]) == 0);
}

TEST_CASE("a held socket tells that the server has closed, unread bytes or not", "[proxy][held_socket]") {
  for (const bool says_something : {false, true}) {
    CAPTURE(says_something);
    pair connection;
    const held_socket held(::dup(connection.ends[0]));
    if (says_something) REQUIRE(::send(connection.ends[1], "x", 1, 0) == 1);
    CHECK(held.is_open());
    connection.close(1);
    CHECK_FALSE(held.is_open());
  }
}

}  // namespace
}  // namespace sessiongate::proxy
