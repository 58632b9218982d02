#include "admin/drains.hpp"

#include "admin/kill_log.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>

using namespace sessiongate;
using namespace sessiongate::admin;
using namespace sessiongate::admin::test;
using session::stop_end;

namespace {

struct drains_fixture : execute_fixture {
  boost::asio::io_context home{1};
  kill_log trail{100};
  drains all{home.get_executor(), context, 3};
  std::vector<std::pair<std::shared_ptr<fake_session>, session::stop_handler>> waiting;

  drains_fixture() { context.trail = &trail; }

  /// A session that waits until the test says what becomes of it.
  std::shared_ptr<fake_session> add_waiting(std::uint32_t cs_id) {
    const auto added = add({.cs_id = cs_id});
    added->on_mark = [this, added = added.get()](session::stop_handler done) {
      waiting.emplace_back(std::static_pointer_cast<fake_session>(sessions.find(added->cs_id()).front()),
                           std::move(done));
    };
    return added;
  }

  void end_all(stop_end how) {
    for (const auto& [session, done] : std::exchange(waiting, {}))
      done({.found = true, .server_sessions = {}, .end = how});
  }

  drain_report begin(kill_manner how = {.when = kill_moment::after_transaction}) {
    const auto begun = all.begin("`User` = 'app'", std::move(how), owner, sessions.list());
    REQUIRE(begun);
    return *begun;
  }
};

}  // namespace

TEST_CASE_METHOD(drains_fixture, "a drain without targets is done at once") {
  const auto begun = begin();
  CHECK(begun.number == 1);
  CHECK(begun.state == drain_state::done);
  CHECK(begun.total == 0);
}

TEST_CASE_METHOD(drains_fixture, "a drain tells how far it is") {
  add_waiting(first_id);
  add_waiting(second_id);
  const auto begun = begin({.when = kill_moment::after_transaction, .timeout = {}, .reason = "failover"});
  CHECK(begun.state == drain_state::running);
  CHECK(begun.total == 2);
  CHECK(begun.waiting == 2);
  CHECK(waiting.front().first->marked.why.reason == session::stop_reason::drained_by_command);
  CHECK(waiting.front().first->marked.why.detail.ends_with(": failover"));
  waiting.front().second({.found = true, .server_sessions = {}});
  waiting.erase(waiting.begin());
  CHECK(all.list().front().ended == 1);
  CHECK(all.list().front().waiting == 1);
  end_all(stop_end::ended_otherwise);
  const auto done = all.list().front();
  CHECK(done.state == drain_state::done);
  CHECK(done.ended_otherwise == 1);
  CHECK(trail.list().size() == 2);
}

TEST_CASE_METHOD(drains_fixture, "the drain of a backend tells who could not go on elsewhere, and why") {
  using session::recovery_obstacle;
  add_waiting(first_id);
  add_waiting(second_id);
  REQUIRE(all.begin("backend db1", {.when = kill_moment::after_transaction}, owner, sessions.list(), true));
  REQUIRE(waiting.size() == 2);
  CHECK(waiting.front().first->marked.leaves_backend);
  waiting[0].second({.found = true, .server_sessions = {}, .obstacle = recovery_obstacle::temporary_tables});
  CHECK(trail.list().back()->target.obstacle == recovery_obstacle::temporary_tables);
  waiting[1].second({.found = true, .server_sessions = {}, .obstacle = recovery_obstacle::none});
  CHECK(trail.list().size() == 2);
  CHECK(std::ranges::any_of(trail.list(),
                            [](const auto& each) { return each->target.obstacle == recovery_obstacle::none; }));
}

TEST_CASE_METHOD(drains_fixture, "at the timeout who still waits is killed, and its statement interrupted") {
  const auto target = add_waiting(first_id);
  target->add_server(7, 77)->begin_request();
  begin({.when = kill_moment::after_transaction, .timeout = 10ms});
  home.run();
  const auto done = all.list().front();
  CHECK(done.killed == 1);
  CHECK(done.waiting == 0);
  CHECK(done.state == drain_state::done);
  CHECK(interrupter.calls.size() == 1);
  CHECK(target->stopped_because.reason == session::stop_reason::killed);
  end_all(stop_end::ended_otherwise);  // the mark hears of the end as well
  CHECK(all.list().front().ended_otherwise == 0);
  CHECK(trail.list().size() == 1);
}

TEST_CASE_METHOD(drains_fixture, "what became of a session is recorded before the drain counts it") {
  std::vector<std::uint64_t> still_waiting;
  kill_log watched(10, [&](const kill_log::entry&) { still_waiting.push_back(all.list().front().waiting); });
  context.trail = &watched;
  add_waiting(first_id);
  if (GENERATE(false, true)) {
    begin();
    end_all(stop_end::stopped);
  } else {
    begin({.when = kill_moment::after_transaction, .timeout = 10ms});
    home.run();
  }
  CHECK(still_waiting == std::vector<std::uint64_t>{1});
  CHECK(all.list().front().state == drain_state::done);
}

TEST_CASE_METHOD(drains_fixture, "a session that is gone at the timeout was not killed") {
  const auto target = add_waiting(first_id);
  target->on_stop = [](const session::stop_handler& done) { done({}); };
  begin({.when = kill_moment::after_transaction, .timeout = 10ms});
  home.run();
  CHECK(all.list().front().ended_otherwise == 1);
}

TEST_CASE_METHOD(drains_fixture, "a drain that is cancelled lets go of who still waits") {
  const auto first = add_waiting(first_id);
  add_waiting(second_id);
  const auto number = begin({.when = kill_moment::after_statement, .timeout = 1h}).number;
  waiting.back().second({.found = true, .server_sessions = {}});
  waiting.pop_back();
  CHECK(all.cancel(number)->state == drain_state::cancelled);
  CHECK_FALSE(all.cancel(99));
  end_all(stop_end::withdrawn);
  const auto over = all.list().front();
  CHECK(over.ended + over.released == 2);
  CHECK(over.released == 1);
  CHECK(over.waiting == 0);
  CHECK(over.state == drain_state::cancelled);
  CHECK(trail.list().size() == 1);
  home.run();  // its timer is gone
}

TEST_CASE_METHOD(drains_fixture, "a bounded number is kept, and those that run are not forgotten") {
  for (int count = 0; count < 5; ++count) begin();
  CHECK(all.list().size() == 3);
  CHECK(all.list().front().number == 5);
  add_waiting(first_id);
  for (int count = 0; count < 3; ++count) begin();
  CHECK_FALSE(all.begin("", {.when = kill_moment::after_transaction}, owner, {}));
  end_all(stop_end::stopped);
  CHECK(all.begin("", {.when = kill_moment::after_transaction}, owner, {}));
}
