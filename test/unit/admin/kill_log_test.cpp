#include "admin/kill_log.hpp"

#include "admin/failures.hpp"
#include "admin/kill_table.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sessiongate::admin {
namespace {

using test::first_id;

struct fixture : test::execute_fixture {
  fixture() { context.trail = &trail; }

  std::vector<std::map<std::string_view, cell>> seen_by(const principal& who) {
    std::vector<std::map<std::string_view, cell>> rows;
    for (const auto& row : kill_rows({.what = listing::kills}, who, context)) {
      auto& named = rows.emplace_back();
      for (std::size_t at = 0; at < row.size(); ++at) named[kill_columns()[at].sql_name] = row[at];
    }
    return rows;
  }

  kill_log trail{2};
};

cell text(std::string value) {
  return value;
}

TEST_CASE_METHOD(fixture, "a kill is recorded with who, whom and what came of it", "[admin][kill_log]") {
  add({.cs_id = first_id}, 7);
  kill(kill_session{first_id}, owner);
  auto rows = seen_by(owner);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["number"] == cell(std::int64_t{1}));
  CHECK(rows[0]["by"] == text(to_text(owner)));
  CHECK(rows[0]["verb"] == text("kill_session"));
  CHECK(rows[0]["outcome"] == text("killed"));
  CHECK(rows[0]["id"] == text(std::to_string(first_id)));
  CHECK(rows[0]["cs_id"] == cell(std::int64_t{first_id}));
  CHECK(rows[0]["User"] == text("root"));
  CHECK(rows[0]["message"] == cell());
}

TEST_CASE_METHOD(fixture, "a kill that was refused is recorded, too", "[admin][kill_log]") {
  add({.cs_id = first_id}, 7);
  fail(kill_session{first_id}, other);
  fail(kill_session{4711}, other);
  auto rows = seen_by(other);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["outcome"] == text("not_found"));
  CHECK(rows[0]["id"] == text("4711"));
  CHECK(rows[0]["cs_id"] == cell());
  CHECK(rows[1]["outcome"] == text("not_owner"));
  CHECK(rows[1]["message"] == text("You are not owner of thread " + std::to_string(first_id)));
}

TEST_CASE_METHOD(fixture, "others see the kills of sessions that they may list", "[admin][kill_log]") {
  add({.cs_id = first_id}, 7);
  fail(kill_session{first_id}, other);
  CHECK(seen_by(owner).size() == 1);  // it is the owner's session
  CHECK(seen_by(stranger).empty());
  CHECK(seen_by(token).size() == 1);
  fail(kill_session{4711}, other);
  CHECK(seen_by(owner).size() == 1);  // of none: the caller's alone
  CHECK(seen_by(token).size() == 2);
}

TEST_CASE_METHOD(fixture, "one's own refused kill tells nothing of a session that one may not list",
                 "[admin][kill_log]") {
  add({.cs_id = first_id}, 7);
  CHECK(fail(kill_session{first_id}, stranger).kind == failure_kind::unknown_id);
  auto rows = seen_by(stranger);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["outcome"] == text("not_found"));
  CHECK(rows[0]["id"] == text(std::to_string(first_id)));
  for (const auto* hidden : {"cs_id", "connection_id", "Cluster", "Tenant", "User", "statement", "ran_us"}) {
    INFO(hidden);
    CHECK(rows[0][hidden] == cell());
  }
  CHECK(rows[0]["was_running"] == cell(false));
  CHECK(rows[0]["was_in_transaction"] == cell(false));
  CHECK(seen_by(token)[0]["User"] == text("root"));  // who may list it has the whole truth
}

TEST_CASE_METHOD(fixture, "the ring keeps the last ones, and the numbers go on", "[admin][kill_log]") {
  for (const std::uint64_t id : {1U, 2U, 3U}) fail(kill_session{id}, owner);
  auto rows = seen_by(owner);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["number"] == cell(std::int64_t{3}));
  CHECK(rows[1]["number"] == cell(std::int64_t{2}));
  CHECK(seen_by(owner)[0]["id"] == text("3"));
}

TEST_CASE_METHOD(fixture, "a target's id is held as long as its record is kept", "[admin][kill_log]") {
  add({.cs_id = first_id}, 7);
  kill(kill_query{first_id}, owner);
  fail(kill_session{4711}, owner);
  CHECK(trail.holds(first_id));
  fail(kill_session{4712}, owner);
  CHECK_FALSE(trail.holds(first_id));
}

TEST_CASE_METHOD(fixture, "a record tells who asked from where, and whom it was about", "[admin][kill_log]") {
  add({.cs_id = first_id, .database = "shop"}, 7);
  token.face = command_face::ctl;
  token.address = "10.9.8.7:5555";
  kill(kill_session{.id = first_id, .how = {.reason = "it holds the lock"}}, token);
  auto rows = seen_by(token);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["face"] == text("ctl"));
  CHECK(rows[0]["by_address"] == text("10.9.8.7:5555"));
  CHECK(rows[0]["reason"] == text("it holds the lock"));
  CHECK(rows[0]["Host"] == text("10.0.0.7:63882"));
  CHECK(rows[0]["db"] == text("shop"));
  CHECK(rows[0]["backend"] == text("10.1.0.1:3306"));
  CHECK(rows[0]["connection_id"] == cell(std::int64_t{7}));
  CHECK(std::holds_alternative<std::uint64_t>(rows[0]["proxy_sessid"]));
}

TEST_CASE_METHOD(fixture, "what the proxy ends by itself is recorded like any kill", "[admin][kill_log]") {
  const auto target = add({.cs_id = first_id}, 7);
  const auto guard = proxy_itself(command_face::guard, "max-session-age");
  trail.add(begin_record(command_kind::kill_session, guard, *target, "it was there for 3600 s"));
  auto rows = seen_by(owner);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["by"] == text("sessiongate (guard max-session-age)"));
  CHECK(rows[0]["face"] == text("guard"));
  CHECK(rows[0]["by_address"] == cell());
  CHECK(rows[0]["outcome"] == text("killed"));
  CHECK(rows[0]["reason"] == text("it was there for 3600 s"));
  CHECK(rows[0]["cs_id"] == cell(std::int64_t{first_id}));
}

TEST_CASE_METHOD(fixture, "a kill that is cut off leaves its one record all the same", "[admin][kill_log]") {
  const auto target = add({.cs_id = first_id}, 7);
  {
    const open_kill cut(trail, begin_record(kill_session{first_id}, owner, sessions));
    CHECK(trail.under_way() == 1);
    CHECK(seen_by(owner).empty());
  }
  CHECK(trail.under_way() == 0);
  auto rows = seen_by(owner);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["outcome"] == text("unfinished"));
  CHECK(rows[0]["cs_id"] == cell(std::int64_t{first_id}));
}

TEST_CASE_METHOD(fixture, "what is under way when the log closes is recorded once", "[admin][kill_log]") {
  std::vector<std::uint64_t> heard;
  kill_log log(1, [&heard](const kill_log::entry& done) { heard.push_back(done->number); });
  std::optional<open_kill> first(std::in_place, log, begin_record(kill_session{4711}, owner, sessions));
  open_kill second(log, begin_record(kill_session{4712}, owner, sessions));
  open_kill moved(std::move(second));
  log.close();
  CHECK(log.under_way() == 0);
  CHECK(heard == std::vector<std::uint64_t>{1, 2});
  moved.conclude(unknown_thread(4712));  // too late
  first.reset();
  CHECK(heard == std::vector<std::uint64_t>{1, 2});
  CHECK(log.list().size() == 1);
}

TEST_CASE_METHOD(fixture, "listeners hear of every kill in its order, though none is kept", "[admin][kill_log]") {
  std::vector<std::uint64_t> heard;
  kill_log log(0, [&heard](const kill_log::entry& done) { heard.push_back(done->number); });
  context.trail = &log;
  for (const std::uint64_t id : {1U, 2U, 3U}) fail(kill_session{id}, owner);
  CHECK(heard == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(log.list().empty());
}

TEST_CASE_METHOD(fixture, "what is not a kill is not recorded", "[admin][kill_log]") {
  run(ping{}, owner);
  run(show_table{}, owner);
  CHECK(seen_by(token).empty());
}

}  // namespace
}  // namespace sessiongate::admin
