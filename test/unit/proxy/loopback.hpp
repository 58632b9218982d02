// Coroutines and tasks on a reactor that the test itself runs, and TCP connections over the loopback interface.
#pragma once

#include "proxy/poller.hpp"
#include "proxy/stream.hpp"
#include "proxy/task.hpp"

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

/// What a worker has: an io_context with a poller nested in it.
struct reactor {
  asio::io_context context{1};
  poller sockets{context};
};

/// Runs what is ready until `condition()` holds. A test that would wait for ever fails instead.
template <class Condition>
void run_until(asio::io_context& context, Condition condition) {
  context.restart();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && context.run_one_until(until) > 0) {
  }
  REQUIRE(condition());
}

inline void run_for(asio::io_context& context, std::chrono::milliseconds limit) {
  context.restart();
  context.run_for(limit);
}

/// Runs a coroutine to its end on the calling thread.
inline void run(asio::io_context& context, awaitable<void> body) {
  bool ended = false;
  std::exception_ptr thrown;
  asio::co_spawn(context, std::move(body), [&](const std::exception_ptr& error) {
    ended = true;
    thrown = error;
  });
  run_until(context, [&] { return ended; });
  if (thrown) std::rethrow_exception(thrown);
}

namespace detail {
inline detached_task finish(task<> body, bool& ended, std::exception_ptr& thrown) {
  try {
    co_await body;
  } catch (...) {
    thrown = std::current_exception();
  }
  ended = true;
}
}  // namespace detail

/// The same for a task.
inline void run(asio::io_context& context, task<> body) {
  bool ended = false;
  std::exception_ptr thrown;
  detail::finish(std::move(body), ended, thrown);
  run_until(context, [&] { return ended; });
  if (thrown) std::rethrow_exception(thrown);
}

/// Two ends of a connection: `near` is what is tested, `far` a blocking socket that the test plays the peer with.
struct connection {
  explicit connection(poller& on) : far(on.context()), near(on, connect_far(on.context())) {}

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

  tcp::socket far;
  stream near;

 private:
  int connect_far(asio::io_context& context) {
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    far.connect(acceptor.local_endpoint());
    auto accepted = acceptor.accept();
    accepted.non_blocking(true);
    const int descriptor = accepted.release();
    configure_socket(descriptor);
    return descriptor;
  }
};

}  // namespace sessiongate::proxy::test
