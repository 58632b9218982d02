// Kills of all sessions that a predicate meets.
#include "admin/kill_counters.hpp"
#include "admin/kill_log.hpp"
#include "admin/query_parser.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <map>
#include <string>
#include <vector>

namespace sessiongate::admin {
namespace {

using namespace std::chrono_literals;
using test::fake_session;
using test::first_id;
using test::second_id;

constexpr std::uint32_t third_id = session::cs_id_min + 3;

struct fixture : test::execute_fixture {
  fixture() {
    context.trail = &trail;
    context.kills = &counts;
  }

  static kill_matching where(std::string_view text) {
    auto read = parse_predicate(text);
    REQUIRE(std::holds_alternative<predicate>(read));
    return {.where = std::get<predicate>(std::move(read))};
  }

  kill_report report(kill_matching what, const principal& who) {
    const auto given = run(std::move(what), who);
    if (const auto* error = std::get_if<failure>(&given)) FAIL(error->message);
    return std::get<kill_report>(given);
  }

  static cell at(const kill_report& told, std::size_t row, std::string_view column) {
    return told.targets.rows.at(row).at(find_column(told.targets.columns, column));
  }

  /// cs_id -> outcome
  static std::map<std::int64_t, std::string> outcomes(const kill_report& told) {
    std::map<std::int64_t, std::string> found;
    for (std::size_t row = 0; row < told.targets.rows.size(); ++row) {
      found.emplace(std::get<std::int64_t>(at(told, row, "cs_id")), std::get<std::string>(at(told, row, "outcome")));
    }
    return found;
  }

  static bool was_stopped(const std::shared_ptr<fake_session>& each) {
    return each->stopped_because.reason != session::stop_reason::none;
  }

  kill_log trail{100};
  kill_counters counts;
};

using expected = std::map<std::int64_t, std::string>;

TEST_CASE_METHOD(fixture, "a dry run tells what the kill hits, and hits nothing", "[admin][kill_several]") {
  const auto first = add({.cs_id = first_id, .user = "app"}, 7);
  const auto second = add({.cs_id = second_id, .user = "root"}, 8);
  const auto third = add({.cs_id = third_id, .user = "app"}, 9);
  third->publish_in_transaction(true);
  auto what = where("user = 'app'");
  what.dry_run = true;
  const auto told = report(what, token);
  CHECK(told.dry_run);
  CHECK(told.matched == 2);
  CHECK(told.killed == 0);
  CHECK(outcomes(told) == expected{{first_id, "matched"}, {third_id, "matched"}});
  CHECK(at(told, 1, "in_transaction") == cell(true));
  CHECK(at(told, 0, "connection_id") == cell(std::int64_t{7}));
  CHECK(at(told, 0, "interrupt") == cell());
  CHECK(trail.list().empty());
  CHECK_FALSE((was_stopped(first) || was_stopped(second) || was_stopped(third)));

  what.dry_run = false;
  const auto done = report(what, token);
  CHECK(done.killed == 2);
  CHECK(outcomes(done) == expected{{first_id, "killed"}, {third_id, "killed"}});
  CHECK((was_stopped(first) && was_stopped(third)));
  CHECK_FALSE(was_stopped(second));
  CHECK(trail.list().size() == 2);
  CHECK(counts.value(kill_end::killed) == 2);
}

TEST_CASE_METHOD(fixture, "more than the maximum is refused as a whole", "[admin][kill_several]") {
  const auto first = add({.cs_id = first_id}, 7);
  const auto second = add({.cs_id = second_id}, 8);
  context.kill_where_max = 1;
  auto what = where("user = 'root'");
  const auto refused = fail(what, token);
  CHECK(refused.kind == failure_kind::too_many);
  CHECK(refused.message.starts_with("2 sessions match, and no more than 1 may be hit: nothing was done"));
  CHECK_FALSE((was_stopped(first) || was_stopped(second)));
  REQUIRE(trail.list().size() == 1);
  CHECK(trail.list().front()->end == kill_end::refused);

  what.max = 2;
  what.dry_run = true;
  CHECK(report(what, token).matched == 2);
  what.max = {};
  what.limit = 1;
  CHECK(outcomes(report(what, token)) == expected{{first_id, "matched"}});
  CHECK(report(what, token).matched == 2);
  what.limit = 2;  // says how many by itself
  CHECK(outcomes(report(what, token)).size() == 2);
  what.max = 1;
  CHECK(fail(what, token).kind == failure_kind::too_many);
}

TEST_CASE_METHOD(fixture, "the session that asks is hit when that is said, and last", "[admin][kill_several]") {
  const auto own = add({.cs_id = first_id}, 7);
  add({.cs_id = second_id}, 8);
  owner.cs_id = first_id;
  auto what = where("cs_id > 0");
  what.dry_run = true;
  CHECK(outcomes(report(what, owner)) == expected{{second_id, "matched"}});
  what.dry_run = false;
  what.include_self = true;
  const auto told = report(what, owner);
  CHECK(told.self);
  CHECK(told.killed == 2);
  CHECK(at(told, 1, "cs_id") == cell(std::int64_t{first_id}));
  CHECK(at(told, 1, "outcome") == cell(std::string("killed_self")));
  CHECK_FALSE(was_stopped(own));  // the caller closes, behind the answer
}

TEST_CASE_METHOD(fixture, "what the caller may not kill is not matched", "[admin][kill_several]") {
  add({.cs_id = first_id, .user = "app"}, 7);
  add({.cs_id = second_id, .user = "root"}, 8);
  add({.cs_id = third_id, .user = "app", .tenant = "other"}, 9);
  auto what = where("cs_id > 0");
  what.dry_run = true;
  CHECK(outcomes(report(what, owner)) == expected{{second_id, "matched"}});
  CHECK(outcomes(report(what, other)) == expected{{first_id, "matched"}});
  CHECK(outcomes(report(what, stranger)).empty());
  CHECK(report(what, token).matched == 3);
  auto killer = owner;
  killer.rights.kills_others = true;
  CHECK(outcomes(report(what, killer)) == expected{{first_id, "matched"}, {second_id, "matched"}});
  auto seer = owner;
  seer.rights.sees_others = true;  // may list the others, and kill its own
  CHECK(outcomes(report(what, seer)) == expected{{second_id, "matched"}});
  auto viewer = token;
  viewer.role = token_role::viewer;
  CHECK(fail(what, viewer).kind == failure_kind::forbidden);
}

TEST_CASE_METHOD(fixture, "a session that has changed before its turn is left alone", "[admin][kill_several]") {
  const auto first = add({.cs_id = first_id}, 7);
  const auto second = add({.cs_id = second_id}, 8);
  const auto third = add({.cs_id = third_id}, 9);
  first->on_stop = [&](const session::stop_handler& done) {
    second->publish_in_transaction(true);  // begins one meanwhile
    sessions.unbind(9, third_id);
    sessions.remove(third_id);  // ends by itself
    done(first->report());
  };
  const auto told = report(where("in_transaction = 0"), token);
  CHECK(told.matched == 3);
  CHECK(told.killed == 1);
  CHECK(outcomes(told) == expected{{first_id, "killed"}, {second_id, "no_longer_matches"}, {third_id, "not_found"}});
  CHECK(at(told, 1, "message") == cell("Session " + std::to_string(second_id) + " no longer matches"));
  CHECK_FALSE(was_stopped(second));
  CHECK(counts.value(kill_end::no_longer_matches) == 1);
  REQUIRE(trail.list().size() == 3);
  CHECK(trail.list()[1]->end == kill_end::no_longer_matches);
}

TEST_CASE_METHOD(fixture, "queries are interrupted, and their sessions stay", "[admin][kill_several]") {
  const auto busy = add({.cs_id = first_id}, 7);
  const auto idle = add({.cs_id = second_id}, 8);
  busy->find_connection(7)->begin_request();
  busy->publish_running(true);
  auto what = where("user = 'root'");
  what.query = true;
  const auto told = report(what, token);
  CHECK(told.killed == 1);
  CHECK(outcomes(told) == expected{{first_id, "query_interrupted"}, {second_id, "already_idle"}});
  REQUIRE(interrupter.calls.size() == 1);
  CHECK(interrupter.calls.front().scope == interrupt_scope::query);
  CHECK_FALSE((was_stopped(busy) || was_stopped(idle)));
}

TEST_CASE_METHOD(fixture, "the reason reaches every target", "[admin][kill_several]") {
  const auto first = add({.cs_id = first_id}, 7);
  const auto second = add({.cs_id = second_id}, 8);
  auto what = where("user = 'root'");
  what.how.reason = "pool leak";
  report(what, token);
  CHECK(first->stopped_because.detail.ends_with(": pool leak"));
  CHECK(second->stopped_because.detail.ends_with(": pool leak"));
}

TEST_CASE_METHOD(fixture, "several at a time, and each for itself", "[admin][kill_several]") {
  std::size_t waiting = 0;
  std::size_t most = 0;
  std::vector<std::pair<const fake_session*, session::stop_handler>> asked;
  std::vector<std::shared_ptr<fake_session>> all;
  for (std::uint32_t at = 0; at < 10; ++at) all.push_back(add({.cs_id = first_id + at}, 100 + at));
  for (const auto& each : all) {
    each->on_stop = [&, target = each.get()](const session::stop_handler& done) {
      most = std::max(most, ++waiting);
      asked.emplace_back(target, done);
      if (waiting < 4 && asked.size() != all.size()) return;
      for (auto& [one, handler] : std::exchange(asked, {})) handler(one->report());
      waiting = 0;
    };
  }
  context.kills_at_once = 4;
  context.kill_timeout = 200ms;  // the last ones are answered by nobody
  const auto told = report(where("user = 'root'"), token);
  CHECK(most == 4);
  CHECK(told.matched == 10);
  CHECK(told.killed == 8);
  CHECK(counts.value(kill_end::killed) == 8);
  CHECK(counts.value(kill_end::timeout) == 2);
}

TEST_CASE_METHOD(fixture, "a predicate that cannot be is an error", "[admin][kill_several]") {
  CHECK(fail(where("nope = 1"), token).message == "Unknown column 'nope' in 'where clause'");
  CHECK(fail(where("idle > 'x'"), token).kind == failure_kind::bad_value);
}

}  // namespace
}  // namespace sessiongate::admin
