// Coroutines on a worker's io_context that the test itself runs, and TCP connections over the loopback interface.
#pragma once

#include "proxy/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace sessiongate::proxy::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Runs coroutines to their end on the calling thread. A test that would wait for ever fails instead.
inline void run(asio::io_context& context, awaitable<void> body) {
  bool ended = false;
  std::exception_ptr thrown;
  asio::co_spawn(context, std::move(body), [&](const std::exception_ptr& error) {
    ended = true;
    thrown = error;
  });
  context.restart();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!ended && std::chrono::steady_clock::now() < until && context.run_one_until(until) > 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  REQUIRE(ended);
}

/// Two ends of a connection: `near` is what is tested, `far` a blocking socket that the test plays the peer with.
struct connection {
  explicit connection(asio::io_context& context) : near(context.get_executor()), far(context) {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    far.connect(acceptor.local_endpoint());
    near = stream(acceptor.accept(context));
    near.configure();
  }

  void send(std::string_view bytes) { asio::write(far, asio::buffer(bytes)); }
  std::string receive(std::size_t size) {
    std::string bytes(size, '\0');
    asio::read(far, asio::buffer(bytes));
    return bytes;
  }
  void close() {
    error_code ignored;
    far.close(ignored);
  }
  /// RST in place of FIN.
  void reset() {
    far.set_option(asio::socket_base::linger(true, 0));
    close();
  }

  stream near;
  tcp::socket far;
};

}  // namespace sessiongate::proxy::test
