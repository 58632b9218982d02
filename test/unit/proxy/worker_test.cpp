#include "proxy/worker.hpp"

#include <boost/asio/post.hpp>
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

/// Runs the worker's context on this thread, as the worker would on its own, for a while or until it has nothing to do.
void run_for(worker& on, std::chrono::milliseconds limit) {
  on.context().restart();
  on.context().run_for(limit);
}

}  // namespace

TEST_CASE("a deadline expires once, when it lives too long") {
  worker home(buffer_size);
  int expired = 0;
  const auto begun = worker::clock::now();
  std::optional<worker::clock::time_point> at;
  const deadline limit(home, 150ms, [&] {
    ++expired;
    at = worker::clock::now();
  });
  run_for(home, 500ms);
  CHECK(expired == 1);
  REQUIRE(at);
  CHECK(*at - begun >= 150ms);
  run_for(home, 250ms);
  CHECK(expired == 1);
}

TEST_CASE("a deadline that ends in time does not expire") {
  worker home(buffer_size);
  int expired = 0;
  {
    const deadline limit(home, 50ms, [&] { ++expired; });
  }
  std::optional<deadline> ended_later;
  ended_later.emplace(home, 250ms, [&] { ++expired; });
  run_for(home, 100ms);
  ended_later.reset();
  run_for(home, 400ms);
  CHECK(expired == 0);
}

TEST_CASE("several deadlines expire independently of the order in which they were made") {
  worker home(buffer_size);
  std::vector<int> expired;
  const deadline late(home, 400ms, [&] { expired.push_back(3); });
  const deadline early(home, 100ms, [&] { expired.push_back(1); });
  std::optional<deadline> ended(std::in_place, home, 200ms, [&] { expired.push_back(2); });
  run_for(home, 50ms);
  ended.reset();
  run_for(home, 800ms);
  CHECK(expired == std::vector<int>{1, 3});
}

TEST_CASE("a deadline that ends when it expires, and one made by it") {
  worker home(buffer_size);
  int second_expired = 0;
  std::unique_ptr<deadline> second;
  std::unique_ptr<deadline> first;
  first = std::make_unique<deadline>(home, 50ms, [&] {
    first.reset();
    second = std::make_unique<deadline>(home, 50ms, [&] { ++second_expired; });
  });
  run_for(home, 600ms);
  CHECK_FALSE(first);
  CHECK(second_expired == 1);
}

TEST_CASE("deadlines come back after there was none for a while") {
  worker home(buffer_size);
  int expired = 0;
  {
    const deadline limit(home, 10s, [&] { ++expired; });
  }
  run_for(home, 250ms);
  const deadline again(home, 50ms, [&] { ++expired; });
  run_for(home, 400ms);
  CHECK(expired == 1);
}

TEST_CASE("a worker runs what is posted to it on a thread of its own and ends when released") {
  worker home(buffer_size);
  CHECK(home.buffer().size() == buffer_size);
  home.start();
  CHECK(home.thread_id() > 0);
  std::atomic<bool> elsewhere{false};
  const auto here = std::this_thread::get_id();
  boost::asio::post(home.context(), [&] { elsewhere = std::this_thread::get_id() != here; });
  home.join();
  CHECK(elsewhere);
}

TEST_CASE("the load counts what is given and ended") {
  worker home(buffer_size);
  CHECK(home.load() == 0);
  home.add_load();
  home.add_load();
  home.drop_load();
  CHECK(home.load() == 1);
}
