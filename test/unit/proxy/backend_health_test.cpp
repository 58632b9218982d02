#include "proxy/backend_health.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using place = backend_health::place;

namespace {

const auto start = backend_health::clock::now();

struct watched : backend_health {
  explicit watched(bool by_checks,
                   health_limits limits = {.down_after = 3, .up_after = 2, .interval = 2s, .backoff_max = 30s})
      : backend_health(limits) {
    set_checked(by_checks);
  }
};

bool is_about(std::chrono::milliseconds pause, std::chrono::milliseconds expected) {
  return pause >= expected * 8 / 10 && pause <= expected * 12 / 10;
}

}  // namespace

TEST_CASE("a backend is suspect after one failure and down after several in a row") {
  watched health(true);
  CHECK(health.state() == backend_state::unknown);
  CHECK(health.claim_place(start) == place::in_turn);
  CHECK(health.succeed(start)->now == backend_state::up);
  CHECK_FALSE(health.succeed(start));
  const auto first = health.fail(start, "refused");
  REQUIRE(first);
  CHECK(first->before == backend_state::up);
  CHECK(first->now == backend_state::suspect);
  CHECK(first->reason == "refused");
  CHECK(health.claim_place(start) == place::behind);
  CHECK(health.succeed(start)->now == backend_state::up);
  CHECK(health.look().reason.empty());
  health.fail(start, "refused");
  CHECK_FALSE(health.fail(start, "again"));
  CHECK(health.look().reason == "again");
  CHECK(health.fail(start, "and again")->now == backend_state::down);
  CHECK(health.claim_place(start + 1h) == place::out);
  CHECK(health.look().failures == 3);
}

TEST_CASE("a checked backend that was down is up after several successes in a row") {
  watched health(true);
  health.fail(start, "no name", true);
  CHECK(health.state() == backend_state::down);
  const auto back = health.succeed(start);
  REQUIRE(back);
  CHECK(back->now == backend_state::suspect);
  CHECK(back->reason == "it is back: 1 of 2 checks");
  CHECK(health.fail(start, "gone")->now == backend_state::down);  // not for long
  health.succeed(start);
  CHECK(health.succeed(start)->now == backend_state::up);
  CHECK(health.fail(start, "gone")->now == backend_state::suspect);
}

TEST_CASE(
    "checks of a backend that is down come ever more slowly, up to a limit, and not at the same time everywhere") {
  watched health(true);
  health.succeed(start);
  CHECK(is_about(health.pause(), 2s));
  for (const auto expected : {2s, 2s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    health.fail(start, "gone");
    CHECK(is_about(health.pause(), expected));
  }
  bool differs = false;
  const auto once = health.pause();
  for (int each = 0; each < 20; ++each) differs = differs || health.pause() != once;
  CHECK(differs);
  health.succeed(start);
  CHECK(is_about(health.pause(), 2s));
}

TEST_CASE("without checks one login at a time finds out whether a backend is back") {
  watched health(false);
  health.fail(start, "gone");
  CHECK(health.claim_place(start) == place::behind);
  CHECK(health.claim_place(start + 3s) == place::in_turn);
  CHECK(health.claim_place(start + 3s) == place::behind);
  health.fail(start + 3s, "gone");
  health.fail(start + 3s, "gone");
  CHECK(health.state() == backend_state::down);
  CHECK(health.claim_place(start + 4s) == place::out);
  CHECK(health.claim_place(start + 6s) == place::in_turn);
  CHECK(health.claim_place(start + 6s) == place::out);
  CHECK(health.succeed(start + 6s)->now == backend_state::up);
  CHECK(health.claim_place(start + 6s) == place::in_turn);
}

TEST_CASE("one that is full is spared for a moment") {
  watched health(true);
  health.succeed(start);
  health.note_full(start);
  CHECK(health.state() == backend_state::up);
  CHECK(health.claim_place(start + 900ms) == place::behind);
  CHECK(health.claim_place(start + 1s) == place::in_turn);
}

TEST_CASE("an interval of nothing is no reason to try all the time") {
  watched health(false, {.down_after = 1, .up_after = 1, .interval = 0s, .backoff_max = 0s});
  health.fail(start, "gone");
  CHECK(health.state() == backend_state::down);
  CHECK(health.claim_place(start + 500ms) == place::out);
  CHECK(health.claim_place(start + 1500ms) == place::in_turn);
}
