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
