#include "proxy/admission.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace sessiongate::proxy;

TEST_CASE("connections are let in up to the limit, then into the reserve, then not at all") {
  connection_limit limit(2, 1);
  auto first = limit.enter();
  auto second = limit.enter();
  auto third = limit.enter();
  REQUIRE(third);
  CHECK_FALSE(first->in_reserve());
  CHECK_FALSE(second->in_reserve());
  CHECK(third->in_reserve());
  CHECK_FALSE(limit.enter());
  CHECK(limit.taken() == 3);
  first.reset();
  CHECK_FALSE(third->in_reserve());  // there is an ordinary place by now
  CHECK(limit.enter()->in_reserve());
}

TEST_CASE("a place is given back once, by the last who has it") {
  connection_limit limit(1, 0);
  {
    auto place = limit.enter();
    connection_limit::place moved(std::move(*place));
    place.reset();
    CHECK_FALSE(limit.enter());
    connection_limit::place assigned;
    assigned = std::move(moved);
    CHECK_FALSE(limit.enter());
  }
  CHECK(limit.taken() == 0);
  CHECK(limit.enter());
}

TEST_CASE("without a limit all are let in, and counted") {
  connection_limit limit(0, 0);
  std::vector<connection_limit::place> places;
  for (int count = 0; count < 100; ++count) places.push_back(*limit.enter());
  CHECK_FALSE(places.back().in_reserve());
  CHECK(limit.taken() == 100);
}

TEST_CASE("names have a limit each") {
  name_limit limit(2);
  auto first = limit.enter("app");
  CHECK_FALSE(limit.full("app"));
  auto second = limit.enter("app");
  CHECK(limit.full("app"));
  CHECK_FALSE(limit.enter("app"));
  CHECK(limit.enter("other"));
  CHECK_FALSE(limit.full("other"));  // it has left already
  name_limit::place held;
  held = std::move(*first);
  first.reset();
  CHECK(limit.full("app"));
  held = {};
  CHECK_FALSE(limit.full("app"));
}

TEST_CASE("without a limit for names nothing is full") {
  name_limit limit(0);
  const auto one = limit.enter("app");
  const auto two = limit.enter("app");
  CHECK(two);
  CHECK_FALSE(limit.full("app"));
}

TEST_CASE("names are counted right from many threads") {
  name_limit limit(3);
  std::atomic<int> most{0};
  std::atomic<int> inside{0};
  std::vector<std::jthread> threads;
  for (int count = 0; count < 8; ++count) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 2000; ++turn) {
        const auto place = limit.enter("app");
        if (!place) continue;
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
      }
    });
  }
  threads.clear();
  CHECK(most <= 3);
  CHECK(most >= 1);
  CHECK_FALSE(limit.full("app"));
}

TEST_CASE("a budget gives what is left and no more") {
  memory_budget budget(100);
  CHECK(budget.take(60));
  CHECK_FALSE(budget.take(41));
  CHECK(budget.take(40));
  budget.give_back(60);
  CHECK(budget.taken() == 40);
  CHECK(budget.take(60));
}
