#include "session/closed_sessions.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace sessiongate::session;

namespace {

closed_session gone(std::uint32_t number) {
  closed_session made;
  made.ids.cs_id = number;
  made.why = {stop_reason::killed, "by a test"};
  return made;
}

}  // namespace

TEST_CASE("the last sessions are kept, the latest first") {
  closed_sessions ring(3);
  CHECK(ring.list().empty());
  for (std::uint32_t number = 1; number <= 5; ++number) ring.add(gone(number));
  const auto kept = ring.list();
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].ids.cs_id == 5);
  CHECK(kept[2].ids.cs_id == 3);
  CHECK(kept[0].why.reason == stop_reason::killed);
}

TEST_CASE("sessions are found by their ids as long as they are kept") {
  closed_sessions ring(3);
  for (std::uint32_t number = 1; number <= 5; ++number) {
    auto ended = gone(number);
    ended.connection_id = 100 + number % 2;
    ring.add(std::move(ended));
  }
  CHECK_FALSE(ring.holds(2));
  CHECK(ring.holds(3));
  CHECK_FALSE(ring.find_by_cs_id(2));
  CHECK(ring.find_by_cs_id(4)->ids.cs_id == 4);
  CHECK(ring.find_by_connection_id(100)->ids.cs_id == 4);
  CHECK(ring.find_by_connection_id(101)->ids.cs_id == 5);  // the last one that had it
  CHECK_FALSE(ring.find_by_connection_id(102));
  for (std::uint32_t number = 6; number <= 8; ++number) ring.add(gone(number));
  CHECK_FALSE(ring.find_by_connection_id(101));
}

TEST_CASE("with a limit of none nothing is kept") {
  closed_sessions ring(0);
  ring.add(gone(1));
  CHECK(ring.list().empty());
}

TEST_CASE("sessions may end on all workers while somebody lists them") {
  closed_sessions ring(10);
  std::thread other([&] {
    for (std::uint32_t number = 0; number < 1000; ++number) ring.add(gone(number));
  });
  for (int round = 0; round < 200; ++round) {
    ring.add(gone(5000));
    CHECK(ring.list().size() <= 10);
  }
  other.join();
  CHECK(ring.list().size() == 10);
}
