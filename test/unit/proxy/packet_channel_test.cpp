#include "proxy/packet_channel.hpp"

#include "proxy/loopback.hpp"
#include "proxy/server_answers.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>

using namespace sessiongate::proxy;
namespace asio = boost::asio;
namespace protocol = sessiongate::protocol;
using test::packet;

namespace {

constexpr std::size_t payload_max = 64;

awaitable<void> wait_a_little() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(5));
  co_await timer.async_wait(asio::use_awaitable);
}

struct fixture {
  test::reactor on;
  test::connection both{on.sockets};
  std::array<std::uint8_t, 32> scratch{};
  packet_channel channel{both.near, scratch, payload_max};

  awaitable<void> expect(std::string_view payload) {
    const auto got = co_await channel.read();
    CHECK_FALSE(got.ec);
    CHECK(protocol::as_text(got.payload) == payload);
  }
  awaitable<void> expect_error(error_code ec) {
    const auto got = co_await channel.read();
    CHECK(got.ec == ec);
    CHECK(got.payload.empty());
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a packet is read whole wherever it is split") {
  const auto whole = packet(3, "a payload that is longer than the scratch buffer");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    INFO(cut);
    test::run(on.context, [&]() -> awaitable<void> {
      both.send(std::string_view(whole).substr(0, cut));
      asio::steady_timer timer(on.context, std::chrono::milliseconds(1));
      timer.async_wait([&](error_code) { both.send(std::string_view(whole).substr(cut)); });
      co_await expect("a payload that is longer than the scratch buffer");
      co_await wait_a_little();
    }());
    CHECK(channel.next_sequence_id() == 4);
    CHECK(channel.take_rest().empty());
  }
}

TEST_CASE_METHOD(fixture, "several packets in one read come one after the other") {
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, "one") + packet(1, "") + packet(255, "three"));
    co_await expect("one");
    CHECK(channel.next_sequence_id() == 1);
    co_await expect("");
    CHECK(channel.next_sequence_id() == 2);
    co_await expect("three");
    CHECK(channel.next_sequence_id() == 0);
  }());
}

TEST_CASE_METHOD(fixture, "an answer continues the sequence of what was read, and a restarted one begins at 0") {
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(7, "question"));
    co_await expect("question");
    co_await channel.write(protocol::as_bytes("answer"));
    co_await channel.write({});
    channel.restart_sequence();
    co_await channel.write(protocol::as_bytes("anew"));
  }());
  const auto expected = packet(8, "answer") + packet(9, "") + packet(0, "anew");
  CHECK(both.receive(expected.size()) == expected);
}

TEST_CASE_METHOD(fixture, "a payload of the limit is read, one more byte is refused by its header alone") {
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, std::string(payload_max, 'x')));
    co_await expect(std::string(payload_max, 'x'));
    both.send(packet(0, std::string(payload_max + 1, 'x')).substr(0, protocol::packet_header_size));
    co_await expect_error(asio::error::message_size);
  }());
}

TEST_CASE("a packet above the limit that has arrived whole is refused, too") {
  test::reactor on;
  test::connection both(on.sockets);
  std::array<std::uint8_t, 256> scratch{};
  packet_channel channel(both.near, scratch, payload_max);
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, std::string(payload_max + 1, 'x')));
    co_await wait_a_little();
    const auto got = co_await channel.read();
    CHECK(got.ec == asio::error::message_size);
  }());
}

TEST_CASE_METHOD(fixture, "the peer's end is told wherever it comes") {
  const auto cut = GENERATE(std::size_t{0}, std::size_t{2}, std::size_t{4}, std::size_t{6});
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, "payload").substr(0, cut));
    both.close();
    co_await expect_error(asio::error::eof);
  }());
}

TEST_CASE_METHOD(fixture, "a packet that came before the peer's end is still read") {
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, "last words"));
    both.close();
    co_await expect("last words");
    co_await expect_error(asio::error::eof);
  }());
}

TEST_CASE_METHOD(fixture, "closing the stream here ends the wait") {
  test::run(on.context, [&]() -> awaitable<void> {
    asio::steady_timer timer(on.context, std::chrono::milliseconds(1));
    timer.async_wait([&](error_code) { both.near.close(); });
    co_await expect_error(asio::error::operation_aborted);
  }());
}

TEST_CASE_METHOD(fixture, "what was read beyond a packet can be handed over to another channel") {
  test::run(on.context, [&]() -> awaitable<void> {
    both.send(packet(0, "one") + packet(0, "two") + packet(0, "three").substr(0, 2));
    co_await expect("one");
    packet_channel other(both.near, scratch, payload_max);
    other.put_rest(channel.take_rest());
    CHECK(channel.take_rest().empty());
    const auto two = co_await other.read();
    CHECK(protocol::as_text(two.payload) == "two");
    both.send(packet(0, "three").substr(2));
    const auto three = co_await other.read();
    CHECK(protocol::as_text(three.payload) == "three");
  }());
}

TEST_CASE_METHOD(fixture, "writing to a closed stream is an error") {
  both.near.close();
  test::run(on.context, [&]() -> awaitable<void> {
    const auto ec = co_await channel.write(protocol::as_bytes("x"));
    CHECK(ec);
  }());
}
