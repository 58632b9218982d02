#include "proxy/stream.hpp"

#include "proxy/loopback.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <string>
#include <thread>

using namespace sessiongate::proxy;
namespace asio = boost::asio;

namespace {

std::string_view text(std::span<const std::uint8_t> bytes) {
  return sessiongate::protocol::as_text(bytes);
}

task<> send_all(stream& to, std::string_view bytes, error_code& ec) {
  ec = co_await to.send_all(sessiongate::protocol::as_bytes(bytes));
}

}  // namespace

TEST_CASE("a stream reads what the peer sent, at once or after a wait") {
  test::reactor on;
  test::connection both(on.sockets);
  std::array<std::uint8_t, 16> buffer{};
  CHECK(both.near.read_some(buffer).what == io_result::status::would_block);
  test::run(on.context, [&]() -> awaitable<void> {
    both.send("hello");
    const auto ec = co_await both.near.readable();
    CHECK_FALSE(ec);
    const auto got = both.near.read_some(buffer);
    CHECK(got.what == io_result::status::done);
    CHECK(text(std::span(buffer).first(got.size)) == "hello");
  }());
}

TEST_CASE("the peer's orderly end is closed without an error, a reset is one with it") {
  test::reactor on;
  test::connection both(on.sockets);
  std::array<std::uint8_t, 16> buffer{};
  const bool orderly = GENERATE(true, false);
  test::run(on.context, [&]() -> awaitable<void> {
    if (orderly)
      both.close();
    else
      both.reset();
    co_await both.near.readable();
    const auto got = both.near.read_some(buffer);
    CHECK(got.what == io_result::status::closed);
    CHECK(got.ec == (orderly ? error_code() : error_code(asio::error::connection_reset)));
  }());
}

TEST_CASE("writing all waits for a slow reader and keeps the order") {
  test::reactor on;
  test::connection both(on.sockets);
  std::string sent(8 * 1024 * 1024, '\0');
  for (std::size_t at = 0; at < sent.size(); ++at) sent[at] = static_cast<char>(at % 251);
  std::string received;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the socket buffers are full by then
    received = both.receive(sent.size());
  });
  test::run(on.context, [&]() -> awaitable<void> {
    const auto ec = co_await both.near.write_all(sessiongate::protocol::as_bytes(sent));
    CHECK_FALSE(ec);
  }());
  reader.join();
  CHECK(received == sent);
}

TEST_CASE("writing to a peer that is gone is an error and no signal") {
  test::reactor on;
  test::connection both(on.sockets);
  both.reset();
  test::run(on.context, [&]() -> awaitable<void> {
    error_code ec;
    for (int count = 0; !ec && count < 100; ++count) {
      ec = co_await both.near.write_all(sessiongate::protocol::as_bytes("x"));
    }
    CHECK(ec);
  }());
}

TEST_CASE("closing wakes who waits, and is idempotent") {
  test::reactor on;
  test::connection both(on.sockets);
  test::run(on.context, [&]() -> awaitable<void> {
    asio::post(on.context, [&] { both.near.close(); });
    const auto ec = co_await both.near.readable();
    CHECK(ec == asio::error::operation_aborted);
    both.near.close();
    const auto again = co_await both.near.readable();
    CHECK(again == asio::error::operation_aborted);
    const auto writable = co_await both.near.writable();
    CHECK(writable == asio::error::operation_aborted);
  }());
  CHECK_FALSE(both.near.is_open());
  std::array<std::uint8_t, 16> buffer{};
  CHECK(both.near.read_some(buffer).what == io_result::status::closed);
  CHECK(both.near.write_some(buffer).what == io_result::status::closed);
}

TEST_CASE("a stream connects, again after a failure and after a connection before") {
  test::reactor on;
  test::tcp::acceptor acceptor(on.context, {asio::ip::address_v4::loopback(), 0});
  const auto there = acceptor.local_endpoint();
  test::tcp::acceptor unused(on.context, {asio::ip::address_v4::loopback(), 0});
  const auto nowhere = unused.local_endpoint();
  unused.close();
  test::run(on.context, [&]() -> awaitable<void> {
    stream dialled(on.sockets);
    for (int count = 0; count < 2; ++count) {
      const auto refused = co_await dialled.connect(nowhere);
      CHECK(refused == asio::error::connection_refused);
      const auto ec = co_await dialled.connect(there);
      CHECK_FALSE(ec);
      CHECK(dialled.is_open());
      auto accepted = acceptor.accept();
      asio::steady_timer later(on.context, std::chrono::milliseconds(5));
      later.async_wait([&](error_code) { asio::write(accepted, asio::buffer("hello", 5)); });
      co_await dialled.readable();
      std::array<std::uint8_t, 16> buffer{};
      const auto got = dialled.read_some(buffer);
      CHECK(text(std::span(buffer).first(got.size)) == "hello");
    }
  }());
}

TEST_CASE("a task writes all, too, and learns that the stream was closed meanwhile") {
  test::reactor on;
  test::connection both(on.sockets);
  const std::string sent(8 * 1024 * 1024, 'x');
  const bool closed = GENERATE(false, true);
  std::string received;
  std::thread reader;
  if (closed) {
    asio::post(on.context, [&] { both.near.close(); });
  } else {
    reader = std::thread([&] { received = both.receive(sent.size()); });
  }
  error_code ec = asio::error::would_block;
  test::run(on.context, send_all(both.near, sent, ec));
  CHECK(ec == (closed ? error_code(asio::error::operation_aborted) : error_code()));
  if (reader.joinable()) reader.join();
  CHECK(received == (closed ? std::string() : sent));
}

TEST_CASE("connecting ends when the stream is closed meanwhile") {
  test::reactor on;
  // Nobody accepts and the backlog is full, so the kernel leaves the connection half open.
  test::tcp::acceptor acceptor(on.context);
  acceptor.open(test::tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  test::tcp::socket filling(on.context);
  filling.connect(acceptor.local_endpoint());
  stream dialled(on.sockets);
  asio::steady_timer limit(on.context, std::chrono::milliseconds(50));
  limit.async_wait([&](error_code) { dialled.close(); });
  test::run(on.context, [&]() -> awaitable<void> {
    const auto ec = co_await dialled.connect(acceptor.local_endpoint());
    CHECK(ec == asio::error::operation_aborted);
  }());
  CHECK_FALSE(dialled.is_open());
}
