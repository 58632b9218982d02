#include "proxy/stream.hpp"

#include "proxy/loopback.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

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

}  // namespace

TEST_CASE("a stream reads what the peer sent, at once or after a wait") {
  asio::io_context context;
  test::connection both(context);
  std::array<std::uint8_t, 16> buffer{};
  CHECK(both.near.read_some(buffer).what == io_result::status::would_block);
  test::run(context, [&]() -> awaitable<void> {
    both.send("hello");
    const auto ec = co_await both.near.readable();
    CHECK_FALSE(ec);
    const auto got = both.near.read_some(buffer);
    CHECK(got.what == io_result::status::done);
    CHECK(text(std::span(buffer).first(got.size)) == "hello");
  }());
}

TEST_CASE("the peer's orderly end is closed without an error, a reset is one with it") {
  asio::io_context context;
  test::connection both(context);
  std::array<std::uint8_t, 16> buffer{};
  const bool orderly = GENERATE(true, false);
  test::run(context, [&]() -> awaitable<void> {
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
  asio::io_context context;
  test::connection both(context);
  std::string sent(8 * 1024 * 1024, '\0');
  for (std::size_t at = 0; at < sent.size(); ++at) sent[at] = static_cast<char>(at % 251);
  std::string received;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the socket buffers are full by then
    received = both.receive(sent.size());
  });
  test::run(context, [&]() -> awaitable<void> {
    const auto ec = co_await both.near.write_all(sessiongate::protocol::as_bytes(sent));
    CHECK_FALSE(ec);
  }());
  reader.join();
  CHECK(received == sent);
}

TEST_CASE("writing to a peer that is gone is an error and no signal") {
  asio::io_context context;
  test::connection both(context);
  both.reset();
  test::run(context, [&]() -> awaitable<void> {
    error_code ec;
    for (int count = 0; !ec && count < 100; ++count) {
      ec = co_await both.near.write_all(sessiongate::protocol::as_bytes("x"));
    }
    CHECK(ec);
  }());
}

TEST_CASE("closing wakes who waits, and is idempotent") {
  asio::io_context context;
  test::connection both(context);
  test::run(context, [&]() -> awaitable<void> {
    asio::post(context, [&] { both.near.close(); });
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
  CHECK(both.near.remote() == sessiongate::session::endpoint());
}

TEST_CASE("a stream connects, again after a failure") {
  asio::io_context context;
  test::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  const auto there = acceptor.local_endpoint();
  test::tcp::acceptor unused(context, {asio::ip::address_v4::loopback(), 0});
  const auto nowhere = unused.local_endpoint();
  unused.close();
  test::run(context, [&]() -> awaitable<void> {
    stream dialled(context.get_executor());
    const auto refused = co_await dialled.connect(nowhere);
    CHECK(refused == asio::error::connection_refused);
    const auto ec = co_await dialled.connect(there);
    CHECK_FALSE(ec);
    CHECK(dialled.remote() == to_endpoint(there));
  }());
}

TEST_CASE("addresses are shown as text") {
  using asio::ip::make_address;
  CHECK(to_endpoint({make_address("10.0.0.7"), 3306}).text() == "10.0.0.7:3306");
  CHECK(to_endpoint({make_address("::1"), 3306}).text() == "[::1]:3306");
}
