#include "proxy/worker.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t buffer_size = 4096;
constexpr std::chrono::microseconds no_spin{0};

/// Runs the worker's context on this thread, as the worker would on its own, for a while.
void run_for(worker& on, std::chrono::milliseconds limit) {
  on.poller().context().restart();
  on.poller().context().run_for(limit);
}

/// The same until `condition()` holds; a test that would wait for ever fails instead.
template <class Condition>
void run_until(worker& on, Condition condition) {
  for (int rounds = 0; !condition(); ++rounds) {
    REQUIRE(rounds < 1000);
    run_for(on, 10ms);
  }
}

}  // namespace

TEST_CASE("a deadline expires once, when it lives too long") {
  worker home(buffer_size, no_spin);
  int expired = 0;
  const auto begun = worker::clock::now();
  const deadline limit(home, 150ms, [&] { ++expired; });
  run_until(home, [&] { return expired > 0; });
  CHECK(worker::clock::now() - begun >= 150ms);
  run_for(home, 250ms);
  CHECK(expired == 1);
}

TEST_CASE("a deadline that ends in time does not expire") {
  worker home(buffer_size, no_spin);
  int expired = 0;
  {
    const deadline limit(home, 50ms, [&] { ++expired; });
  }
  std::optional<deadline> ended_later(std::in_place, home, 3s, [&] { ++expired; });
  run_for(home, 150ms);
  ended_later.reset();
  run_for(home, 3300ms);
  CHECK(expired == 0);
}

TEST_CASE("several deadlines expire each at its time, whatever the order in which they were made") {
  worker home(buffer_size, no_spin);
  bool late_expired = false;
  bool early_expired = false;
  bool ended_expired = false;
  const deadline late(home, 10s, [&] { late_expired = true; });
  const deadline early(home, 100ms, [&] { early_expired = true; });
  std::optional<deadline> ended(std::in_place, home, 100ms, [&] { ended_expired = true; });
  const deadline last(home, 150ms, [] {});
  ended.reset();
  run_until(home, [&] { return early_expired; });
  run_for(home, 250ms);
  CHECK_FALSE(late_expired);
  CHECK_FALSE(ended_expired);
}

TEST_CASE("a deadline may end when it expires, and make another") {
  worker home(buffer_size, no_spin);
  int second_expired = 0;
  std::unique_ptr<deadline> second;
  std::unique_ptr<deadline> first;
  first = std::make_unique<deadline>(home, 50ms, [&] {
    first.reset();
    second = std::make_unique<deadline>(home, 50ms, [&] { ++second_expired; });
  });
  run_until(home, [&] { return second_expired > 0; });
  CHECK_FALSE(first);
  CHECK(second_expired == 1);
}

TEST_CASE("deadlines work after there was none for a while") {
  worker home(buffer_size, no_spin);
  int expired = 0;
  {
    const deadline limit(home, 10s, [&] { expired += 100; });
  }
  run_for(home, 250ms);
  const deadline again(home, 50ms, [&] { ++expired; });
  run_until(home, [&] { return expired > 0; });
  CHECK(expired == 1);
}

TEST_CASE("a worker runs what is posted to it on a thread of its own and ends when released") {
  worker home(buffer_size, no_spin);
  CHECK(home.buffer().size() == buffer_size);
  home.start();
  CHECK(home.thread_id() > 0);
  std::atomic<bool> elsewhere{false};
  const auto here = std::this_thread::get_id();
  boost::asio::post(home.executor(), [&] { elsewhere = std::this_thread::get_id() != here; });
  home.join();
  CHECK(elsewhere);
}

TEST_CASE("the load counts what is given and ended") {
  worker home(buffer_size, no_spin);
  CHECK(home.load() == 0);
  home.add_load();
  home.add_load();
  home.drop_load();
  CHECK(home.load() == 1);
}

TEST_CASE("a worker ends while a look at its clients is due") {
  worker home(buffer_size, no_spin);
  home.look_at_clients_every(5ms);
  home.start();
  std::atomic<bool> busy{false};
  boost::asio::post(home.executor(), [&] {
    busy = true;
    busy.notify_one();
    std::this_thread::sleep_for(50ms);  // the look becomes due behind the end that is asked for meanwhile
  });
  busy.wait(false);
  home.join();
  SUCCEED("it has ended");
}

TEST_CASE("what is left on a worker that ends may still ask another thread") {
  worker home(buffer_size, no_spin);
  home.start();
  boost::asio::io_context other;
  std::atomic<bool> ends{false};
  std::atomic<bool> answered{false};
  const auto answer = []() -> boost::asio::awaitable<int> { co_return 5; };
  const auto ask = [&]() -> boost::asio::awaitable<void> {
    ends.wait(false);
    answered = co_await boost::asio::co_spawn(other, answer(), boost::asio::use_awaitable) == 5;
  };
  boost::asio::co_spawn(home.executor(), ask(), boost::asio::detached);
  home.end(boost::asio::make_work_guard(other));
  ends = true;
  ends.notify_one();
  other.run();  // until the worker has ended
  CHECK(answered);
  home.join();
}
