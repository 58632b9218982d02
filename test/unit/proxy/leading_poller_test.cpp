// A poller in whose epoll the thread sleeps: who has something for its io_context has to wake it.
#include "proxy/poller.hpp"
#include "proxy/reactor_descriptor.hpp"
#include "proxy/stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <tuple>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr auto soon = 10s;  // a lost waking would take for ever

/// Runs until the fixture goes.
struct led_thread {
  asio::io_context context{1};
  poller sockets{context};
  std::thread thread;

  led_thread() {
    sockets.lead();
    thread = std::thread([this] { sockets.run(); });
  }
  ~led_thread() {
    asio::post(sockets.executor(), [this] { sockets.stop(); });
    thread.join();
  }
  led_thread(const led_thread&) = delete;
  led_thread& operator=(const led_thread&) = delete;

  void call(std::function<void()> step) {
    std::promise<void> done;
    asio::post(sockets.executor(), [&] {
      step();
      done.set_value();
    });
    REQUIRE(done.get_future().wait_for(soon) == std::future_status::ready);
  }
};

/// Sends each byte back.
detached_task echo(stream& on, std::promise<void>& ended) {
  while (co_await on.until_readable()) {
    std::array<std::uint8_t, 16> buffer{};
    const auto got = on.read_some(buffer);
    if (got.what == io_result::status::would_block) continue;
    if (got.what == io_result::status::closed) break;
    std::ignore = on.write_some(std::span(buffer).first(got.size));
  }
  ended.set_value();
}

}  // namespace

TEST_CASE("the epoll of an io_context is found, and is its own") {
  asio::io_context first{1};
  asio::io_context second{1};
  const int one = find_reactor_descriptor(first);
  const int other = find_reactor_descriptor(second);
  CHECK(one >= 0);
  CHECK(other >= 0);
  CHECK(one != other);
  CHECK(find_reactor_descriptor(first) == one);
}

TEST_CASE("each post wakes a thread that sleeps in its poller") {
  led_thread led;
  const auto here = std::this_thread::get_id();
  for (int count = 0; count < 2000; ++count) {
    led.call([here] { CHECK(std::this_thread::get_id() != here); });
  }
}

TEST_CASE("a timer wakes a thread that sleeps in its poller, and coroutines go on from there") {
  led_thread led;
  std::promise<int> counted;
  const auto wait = [](const poller& on, std::promise<int>& result) -> asio::awaitable<void> {
    asio::steady_timer pause(on.executor());
    int rounds = 0;
    for (; rounds < 5; ++rounds) {
      pause.expires_after(2ms);
      co_await pause.async_wait(asio::use_awaitable);
    }
    result.set_value(rounds);
  };
  auto body = wait(led.sockets, counted);
  asio::co_spawn(led.sockets.executor(), std::move(body), asio::detached);
  auto result = counted.get_future();
  REQUIRE(result.wait_for(soon) == std::future_status::ready);
  CHECK(result.get() == 5);
}

TEST_CASE("posts are heard between a socket's events, and the socket's between posts") {
  const auto spin = GENERATE(0us, 50us);
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  REQUIRE(::fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
  led_thread led;
  std::promise<void> ended;
  std::unique_ptr<stream> near;
  led.call([&] {
    led.sockets.set_spin(spin);
    near = std::make_unique<stream>(led.sockets, pair[0]);
    echo(*near, ended);
  });
  for (int count = 0; count < 500; ++count) {
    char byte = 'x';
    REQUIRE(::send(pair[1], &byte, 1, 0) == 1);
    bool ran = false;
    led.call([&] { ran = true; });
    CHECK(ran);
    REQUIRE(::recv(pair[1], &byte, 1, 0) == 1);
  }
  led.call([&] { near->close(); });  // posts to itself what wakes the waiter
  CHECK(ended.get_future().wait_for(soon) == std::future_status::ready);
  led.call([&] { near.reset(); });
  ::close(pair[1]);
}
