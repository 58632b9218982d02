#include "admin/event_log.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

namespace sessiongate::admin {
namespace {

void publish(event_log& log, int count, event_type type = event_type::session_opened) {
  for (int i = 0; i < count; ++i) log.publish({.type = type});
}

std::vector<std::uint64_t> ids_after(const event_log& log, std::uint64_t after, std::size_t max = 100) {
  std::vector<std::uint64_t> ids;
  const auto found = log.read_after(after, max);
  REQUIRE(found);
  for (const auto& each : *found) ids.push_back(each->id);
  return ids;
}

TEST_CASE("ids count up by one, from a start that JavaScript's numbers keep", "[admin][event_log]") {
  event_log log(10);
  const auto begin = log.begin_after({}).after;
  publish(log, 3);
  CHECK(ids_after(log, begin) == std::vector{begin + 1, begin + 2, begin + 3});
  CHECK(begin + 3 < (std::uint64_t{1} << 53U));
  CHECK(log.list().front()->id == begin + 3);
  CHECK(log.published(event_type::session_opened) == 3);
  CHECK(log.published(event_type::kill) == 0);
}

TEST_CASE("ids of a later run are above those of the one before", "[admin][event_log]") {
  event_log first(10);
  publish(first, 5);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const event_log second(10);
  CHECK(second.begin_after({}).after > first.list().front()->id);
}

TEST_CASE("the ring keeps the last ones, and tells a reader what it has missed", "[admin][event_log]") {
  event_log log(3);
  const auto begin = log.begin_after({}).after;
  publish(log, 5);
  CHECK(log.list().size() == 3);
  CHECK(ids_after(log, begin + 2) == std::vector{begin + 3, begin + 4, begin + 5});
  CHECK(ids_after(log, begin + 4) == std::vector{begin + 5});
  CHECK(ids_after(log, begin + 5).empty());
  CHECK(ids_after(log, begin + 2, 2) == std::vector{begin + 3, begin + 4});
  CHECK_FALSE(log.read_after(begin + 1, 10));
}

TEST_CASE("a reader begins where it wants to", "[admin][event_log]") {
  event_log log(3);
  const auto begin = log.begin_after({}).after;
  publish(log, 5);
  CHECK(log.begin_after({}).after == begin + 5);
  CHECK(log.begin_after(begin + 5).after == begin + 5);
  CHECK(log.begin_after(begin + 3).after == begin + 3);
  CHECK_FALSE(log.begin_after(begin + 2).gap);
  CHECK(log.begin_after(0).after == begin + 2);
  CHECK_FALSE(log.begin_after(0).gap);

  const auto late = log.begin_after(begin + 1);
  CHECK(late.gap);
  CHECK(late.after == begin + 2);
  CHECK(late.missed == 1);
  const auto first = log.begin_after(begin);  // the last one of the run before
  CHECK(first.gap);
  CHECK_FALSE(first.missed);
  const auto early = log.begin_after(5);
  CHECK(early.gap);
  CHECK_FALSE(early.missed);
  const auto future = log.begin_after(begin + 6);
  CHECK(future.gap);
  CHECK(future.after == begin + 2);
  CHECK_FALSE(future.missed);
}

TEST_CASE("an empty ring has a place to begin at, too", "[admin][event_log]") {
  const event_log log(3);
  const auto begin = log.begin_after({}).after;
  CHECK(log.begin_after(0).after == begin);
  CHECK_FALSE(log.begin_after(begin).gap);
  CHECK(log.begin_after(begin - 1).gap);
  CHECK(ids_after(log, begin).empty());
}

TEST_CASE("with no ring there is only what comes while somebody reads", "[admin][event_log]") {
  event_log log(0);
  CHECK_FALSE(log.wanted());
  publish(log, 2);
  CHECK(log.list().empty());
  log.join();
  CHECK(log.wanted());
  const auto begin = log.begin_after({}).after;
  publish(log, 2);
  CHECK(ids_after(log, begin).size() == 2);
  log.join();
  log.leave();
  CHECK(ids_after(log, begin).size() == 2);
  log.leave();
  CHECK(log.list().empty());
  CHECK_FALSE(log.wanted());
}

TEST_CASE("who is armed is woken once", "[admin][event_log]") {
  event_log log(3);
  int woken = 0;
  log.set_waker([&woken] { ++woken; });
  publish(log, 1);
  CHECK(woken == 0);
  log.arm();
  publish(log, 3);
  CHECK(woken == 1);
}

TEST_CASE("many threads publish while others read, and nobody misses a number", "[admin][event_log]") {
  event_log log(100'000);
  const auto begin = log.begin_after({}).after;
  std::vector<std::thread> publishers;
  for (int i = 0; i < 4; ++i) publishers.emplace_back([&log] { publish(log, 5000, event_type::session_closed); });
  auto at = begin;
  while (at < begin + 20'000) {
    for (const auto id : ids_after(log, at)) REQUIRE(id == ++at);
  }
  for (auto& each : publishers) each.join();
  CHECK(log.published(event_type::session_closed) == 20'000);
}

}  // namespace
}  // namespace sessiongate::admin
