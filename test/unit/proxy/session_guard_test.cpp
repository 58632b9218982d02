#include "proxy/session_guard.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;

namespace {

const session_guard::clock::time_point start{};

session_guard guard_with(guard which, std::chrono::milliseconds limit) {
  guard_limits limits;
  limits[which] = limit;
  session_guard made;
  made.hold_to(limits);
  return made;
}

}  // namespace

TEST_CASE("a session without limits is beyond none") {
  session_guard none;
  CHECK_FALSE(none.look(
      {.running = true, .in_transaction = true, .since_command = 1h, .since_transaction = 1h, .age = 1h}, start + 2h));
}

TEST_CASE("a statement is beyond its limit when it has run for that long") {
  auto watching = guard_with(guard::statement_time, 10s);
  CHECK_FALSE(watching.look({.running = true, .commands = 1, .since_command = 9s}, start + 9s));
  CHECK(watching.look({.running = true, .commands = 1, .since_command = 10s}, start + 10s) == guard::statement_time);
  CHECK_FALSE(watching.look({.running = false, .commands = 1, .since_command = 20s}, start + 30s));
}

TEST_CASE("a statement that was acted on is told again when its limit has passed once more") {
  auto watching = guard_with(guard::statement_time, 10s);
  CHECK(watching.look({.running = true, .commands = 1, .since_command = 10s}, start + 10s));
  watching.acted(start + 10s);
  CHECK_FALSE(watching.look({.running = true, .commands = 1, .since_command = 15s}, start + 15s));
  CHECK(watching.look({.running = true, .commands = 1, .since_command = 20s}, start + 20s));
}

TEST_CASE("the next statement of a session starts from nothing") {
  auto watching = guard_with(guard::statement_time, 10s);
  CHECK_FALSE(watching.look({.running = true, .commands = 1, .since_command = 8s}, start + 8s));
  CHECK_FALSE(watching.look({.running = true, .commands = 2, .responses = 1, .since_command = 1s}, start + 12s));
  CHECK(watching.look({.running = true, .commands = 2, .responses = 1, .since_command = 10s}, start + 21s));
}

TEST_CASE("in a pipeline a statement begins when the response before it has ended") {
  auto watching = guard_with(guard::statement_time, 10s);
  for (int second = 1; second < 60; ++second) {
    const session_look busy{.running = true,
                            .commands = 1,
                            .responses = static_cast<std::uint64_t>(second),
                            .since_command = std::chrono::seconds(second)};
    CHECK_FALSE(watching.look(busy, start + std::chrono::seconds(second)));
  }
}

TEST_CASE("who sends more commands behind a long statement does not make it young") {
  auto watching = guard_with(guard::statement_time, 10s);
  CHECK_FALSE(watching.look({.running = true, .commands = 1, .since_command = 8s}, start + 8s));
  CHECK(watching.look({.running = true, .commands = 1, .since_command = 1s}, start + 10s) == guard::statement_time);
}

TEST_CASE("idle in a transaction is not idle outside of one") {
  auto watching = guard_with(guard::idle_in_transaction, 5s);
  CHECK_FALSE(watching.look({.commands = 1}, start));
  CHECK_FALSE(watching.look({.commands = 1}, start + 10s));
  CHECK(watching.look({.in_transaction = true, .commands = 1}, start + 11s) == guard::idle_in_transaction);
  CHECK_FALSE(watching.look({.in_transaction = true, .commands = 2}, start + 12s));
  CHECK_FALSE(watching.look({.running = true, .in_transaction = true, .commands = 2}, start + 30s));
  CHECK_FALSE(watching.look({.busy = true, .in_transaction = true, .commands = 2}, start + 40s));
  CHECK_FALSE(watching.look({.in_transaction = true, .commands = 2}, start + 41s));
  CHECK(watching.look({.in_transaction = true, .commands = 2}, start + 46s) == guard::idle_in_transaction);
}

TEST_CASE("a transaction is beyond its limit whether it works or not") {
  auto watching = guard_with(guard::transaction_time, 5s);
  CHECK_FALSE(watching.look({.in_transaction = true, .since_transaction = 4s}, start));
  CHECK(watching.look({.in_transaction = true, .since_transaction = 5s}, start) == guard::transaction_time);
  CHECK(watching.look({.running = true, .in_transaction = true, .since_transaction = 5s}, start) ==
        guard::transaction_time);
  CHECK_FALSE(watching.look({.in_transaction = false, .since_transaction = 5s}, start));
}

TEST_CASE("age and idleness") {
  auto old = guard_with(guard::session_age, 1h);
  CHECK_FALSE(old.look({.age = 59min}, start));
  CHECK(old.look({.running = true, .age = 60min}, start) == guard::session_age);
  auto idle = guard_with(guard::idle, 1s);
  CHECK_FALSE(idle.look({.commands = 3}, start));
  CHECK(idle.look({.commands = 3}, start + 1s) == guard::idle);
}

TEST_CASE("a replica's stream is no statement and never idle") {
  guard_limits limits;
  for (std::uint8_t at = 0; at < guard_count; ++at) limits[static_cast<guard>(at)] = 1s;
  session_guard watching;
  watching.hold_to(limits);
  CHECK_FALSE(watching.look({.running = true, .streams = true, .since_command = 1h, .age = 1h}, start + 2h));
}

TEST_CASE("root@proxysys is held to idle-timeout alone") {
  guard_limits limits;
  for (std::uint8_t at = 0; at < guard_count; ++at) limits[static_cast<guard>(at)] = 1s;
  session_guard watching;
  watching.hold_to(limits);
  CHECK_FALSE(watching.look({.proxysys = true, .age = 1h}, start));
  CHECK(watching.look({.proxysys = true, .age = 1h}, start + 2s) == guard::idle);
}

TEST_CASE("sessions are looked at ten times in the shortest limit, of rules too") {
  config settings;
  settings.write_timeout = 0ms;
  CHECK(look_interval(settings) == 0ms);
  settings.max_statement_time = 10s;
  CHECK(look_interval(settings) == 1s);
  settings.guards.push_back({.user = "a"});
  settings.guards.back().limits[static_cast<std::size_t>(guard::idle)] = 3s;
  CHECK(look_interval(settings) == 300ms);
  settings.guards.back().limits[static_cast<std::size_t>(guard::idle)] = 3ms;
  CHECK(look_interval(settings) == 100ms);
  settings = {};
  settings.max_session_age = 24h;
  CHECK(look_interval(settings) == 5s);
}
