#include "admin/execute.hpp"

#include "admin/kill_counters.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace sessiongate::admin {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::first_id;
using test::own_id;
using test::second_id;
using fixture = test::execute_fixture;

TEST_CASE_METHOD(fixture, "an idle session is killed by any of its ids", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  for (const std::uint64_t id : {std::uint64_t{first_id}, std::uint64_t{77}, target->proxy_sessid()}) {
    const auto outcome = kill(kill_session{id}, owner);
    CHECK(outcome.status == kill_status::killed);
    CHECK(outcome.cs_id == first_id);
    CHECK(outcome.proxy_sessid == target->proxy_sessid());
    CHECK(outcome.connection_id == 77);
    CHECK(outcome.user == "root");
    CHECK(outcome.interrupt == interrupt_status::not_needed);
    CHECK(target->stopped_because.reason == session::stop_reason::killed);
    CHECK(target->stopped_because.detail == "by root@sys#obdemo (cs_id " + std::to_string(own_id) + ")");
  }
  CHECK(interrupter.calls.empty());
}

TEST_CASE_METHOD(fixture, "a running statement is interrupted after the session is closed", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  target->add_server(2, 78, {"10.1.0.2", 3307});
  const auto outcome = kill(kill_session{first_id}, token);
  CHECK(outcome.interrupt == interrupt_status::interrupted);
  CHECK(outcome.connection_id == 77);
  REQUIRE(interrupter.calls.size() == 1);
  CHECK(interrupter.calls[0].backend == "10.1.0.1:3306");
  CHECK(interrupter.calls[0].connection_id == 77);
  CHECK(interrupter.calls[0].scope == interrupt_scope::connection);
  CHECK(target->stopped_because.detail == "by token admin");
}

TEST_CASE_METHOD(fixture, "an outcome tells how the interrupt fared", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  interrupter.answer = {.status = interrupt_status::no_route};
  CHECK(kill(kill_session{first_id}, token).interrupt == interrupt_status::no_route);
  interrupter.answer = {interrupt_status::backend_refused, 1094, "HY000", "Unknown thread id: 77"};
  const auto gone = kill(kill_session{first_id}, token);
  CHECK(gone.interrupt == interrupt_status::interrupted);
  CHECK(gone.backend_error == 0);
  interrupter.answer = {interrupt_status::backend_refused, 1095, "HY000", "You are not owner of thread 77"};
  const auto refused = kill(kill_session{first_id}, token);
  CHECK(refused.status == kill_status::killed);
  CHECK(refused.interrupt == interrupt_status::backend_refused);
  CHECK(refused.backend_error == 1095);
  CHECK(refused.backend_sqlstate == "HY000");
  CHECK(refused.backend_answer == "You are not owner of thread 77");
}

TEST_CASE_METHOD(fixture, "a refused kill leaves its target alone", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  for (const command& what : {command(kill_session{77}), command(kill_server_session{77, first_id * 10ULL}),
                              command(kill_query{77}), command(show_session{.id = 77})}) {
    CAPTURE(what.index());
    const auto not_owner = fail(what, other);
    CHECK(not_owner.kind == failure_kind::not_owner);
    CHECK(not_owner.message == "You are not owner of thread 77");
    const auto hidden = fail(what, stranger);
    CHECK(hidden.kind == failure_kind::unknown_id);
    CHECK(hidden.message == "Unknown thread id: 77");
  }
  CHECK(target->stopped_because.reason == session::stop_reason::none);
  CHECK(interrupter.calls.empty());
}

TEST_CASE_METHOD(fixture, "what the caller may do to nobody is forbidden, session or not", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  auto viewer = token;
  viewer.role = token_role::viewer;
  viewer.token = "grafana";
  for (const std::uint64_t id : {77U, 4711U}) {
    const auto refused = fail(kill_session{id}, viewer);
    CHECK(refused.kind == failure_kind::forbidden);
    CHECK(refused.message ==
          "Access denied: token grafana may not kill_session; you need to be one of: operator token, admin token");
  }
  CHECK(target->stopped_because.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(fixture, "an unknown id is told as it was given", "[admin][execute]") {
  const auto error = fail(kill_session{18446744073709551615U}, token);
  CHECK(error.kind == failure_kind::unknown_id);
  CHECK(error.message == "Unknown thread id: 18446744073709551615");
}

TEST_CASE_METHOD(fixture, "a caller's own session is left to the caller", "[admin][execute]") {
  const auto own = add({.cs_id = own_id}, 77);
  for (const std::uint64_t id : {std::uint64_t{own_id}, std::uint64_t{77}}) {
    const auto outcome = kill(kill_session{id}, owner);
    CHECK(outcome.status == kill_status::killed_self);
    CHECK(outcome.cs_id == own_id);
  }
  CHECK(own->stopped_because.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(fixture, "a connection_id that two backends gave is refused with its candidates", "[admin][execute]") {
  const auto first = add({.cs_id = first_id}, 77, {"10.1.0.1", 3306});
  const auto second = add({.cs_id = second_id}, 77, {"10.1.0.2", 3306});
  const auto error = fail(kill_session{77}, token);
  CHECK(error.kind == failure_kind::ambiguous);
  REQUIRE(error.candidates.size() == 2);
  CHECK(error.candidates[0].cs_id == first_id);
  CHECK(error.candidates[0].backend == "10.1.0.1:3306");
  CHECK(error.candidates[1].connection_id == 77);
  CHECK(error.message == "Thread id 77 is ambiguous: CS_ID " + std::to_string(first_id) +
                             " (CONNECTION_ID 77@10.1.0.1:3306), CS_ID " + std::to_string(second_id) +
                             " (CONNECTION_ID 77@10.1.0.2:3306); name one so");
  CHECK(first->stopped_because.reason == session::stop_reason::none);
  CHECK(second->stopped_because.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(fixture, "an id that says which it is names one session", "[admin][execute]") {
  add({.cs_id = first_id}, 77, {"10.1.0.1", 3306});
  add({.cs_id = second_id}, 77, {"::1", 3306});
  const auto killed = [&](session_id id) { return kill(kill_session{std::move(id)}, token).cs_id; };
  CHECK(killed({first_id, id_form::cs_id}) == first_id);
  CHECK(killed({77, id_form::connection_id, "10.1.0.1:3306"}) == first_id);
  CHECK(killed({77, id_form::connection_id, "10.1.0.1"}) == first_id);
  CHECK(killed({77, id_form::connection_id, "[::1]:3306"}) == second_id);
  CHECK(killed({77, id_form::connection_id, "::1"}) == second_id);
  CHECK(fail(kill_session{{77, id_form::connection_id}}, token).kind == failure_kind::ambiguous);
  for (const auto& unknown :
       {session_id(77, id_form::cs_id), session_id(first_id, id_form::connection_id),
        session_id(77, id_form::connection_id, "10.1.0.3"), session_id((1ULL << 32U) + 77, id_form::connection_id)}) {
    CHECK(fail(kill_session{unknown}, token).kind == failure_kind::unknown_id);
  }
}

TEST_CASE_METHOD(fixture, "the id of a session that has ended says so to who may know", "[admin][execute]") {
  session::closed_sessions closed(10);
  context.closed = &closed;
  closed.add({.ids = {first_id, session::proxy_sessid_min + 1},
              .client = {"10.0.0.7", 63882},
              .who = std::make_shared<const session::identity>(session::identity{"root", "sys", "obdemo", {}}),
              .database = std::make_shared<const std::string>(),
              .connection_id = 77,
              .backend = std::make_shared<const session::endpoint>(session::endpoint{"10.1.0.1", 3306}),
              .closed_at = session::client_session::clock::time_point(1'767'225'600s),
              .why = {session::stop_reason::killed, "by token ops"},
              .logged_in = true});
  const std::string told = ": that session ended at 2026-01-01T00:00:00.000Z (killed: by token ops)";
  const auto ask = [&](session_id id, const principal& who) {
    auto failed = fail(kill_session{std::move(id)}, who);
    CHECK(failed.kind == failure_kind::unknown_id);
    CHECK(failed.outcome == kill_end::not_found);
    CHECK(failed.ended.has_value() == failed.message.ends_with(told));
    return failed;
  };
  for (const auto& id : {session_id(first_id), session_id(first_id, id_form::cs_id), session_id(77),
                         session_id(77, id_form::connection_id), session_id(session::proxy_sessid_min + 1),
                         session_id(77, id_form::connection_id, "10.1.0.1")}) {
    CAPTURE(to_text(id));
    const auto failed = ask(id, token);
    CHECK(failed.message == "Unknown thread id: " + std::to_string(id.number) + told);
    CHECK(failed.ended->cs_id == first_id);
    CHECK(ask(id, owner).ended);
    CHECK_FALSE(ask(id, other).ended);
    CHECK_FALSE(ask(id, stranger).ended);
  }
  for (const auto& id : {session_id(78), session_id(77, id_form::cs_id), session_id(first_id, id_form::connection_id),
                         session_id(77, id_form::connection_id, "10.1.0.2"), session_id(1ULL << 40U),
                         session_id(session::proxy_sessid_min + (5ULL << 31U) + 1)}) {
    CAPTURE(to_text(id));
    CHECK_FALSE(ask(id, token).ended);
  }
}

TEST_CASE_METHOD(fixture, "the reason of a kill is told with the end of the session", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  kill(kill_session{.id = first_id, .how = {.reason = "runaway report"}}, token);
  CHECK(target->stopped_because.detail == "by " + to_text(token) + ": runaway report");
  kill(kill_server_session{.id = first_id, .ss_id = first_id * 10ULL, .how = {.reason = "x"}}, token);
  CHECK(target->stopped_because.detail.ends_with(": x"));
}

TEST_CASE_METHOD(fixture, "what is hidden does not make an id ambiguous", "[admin][execute]") {
  const auto mine = add({.cs_id = first_id}, 77, {"10.1.0.1", 3306});
  const auto hidden = add({.cs_id = second_id, .cluster = "elsewhere"}, 77, {"10.1.0.2", 3306});
  CHECK(kill(kill_session{77}, owner).cs_id == first_id);
  CHECK(hidden->stopped_because.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(fixture, "a worker that does not answer is a timeout", "[admin][execute]") {
  context.kill_timeout = 20ms;
  const auto target = add({.cs_id = first_id}, 77);
  session::stop_handler kept;
  target->on_stop = [&](session::stop_handler done) { kept = std::move(done); };
  CHECK(fail(kill_session{first_id}, token).kind == failure_kind::timeout);
  REQUIRE(kept);
  kept(target->report());  // the executor that waited is gone by now
  target->on_stop = [](const session::stop_handler&) {};
  CHECK(fail(kill_server_session{first_id, first_id * 10ULL}, token).kind == failure_kind::timeout);
}

TEST_CASE_METHOD(fixture, "a session that ended already is unknown", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->on_stop = [](const session::stop_handler& done) { done({}); };
  CHECK(fail(kill_session{77}, token).message == "Unknown thread id: 77");
  CHECK(fail(kill_server_session{77, first_id * 10ULL}, token).message ==
        "Unknown thread id: " + std::to_string(first_id * 10ULL));
}

TEST_CASE_METHOD(fixture, "a report may come from another thread", "[admin][execute]") {
  context.kill_timeout = 60s;
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  std::vector<std::thread> workers;
  target->on_stop = [&](session::stop_handler done) {
    workers.emplace_back([done = std::move(done), report = target->report()] { done(report); });
  };
  for (int round = 0; round < 200; ++round) {
    const auto outcome = kill(kill_session{first_id}, token);
    CHECK(outcome.interrupt == interrupt_status::interrupted);
    CHECK(outcome.elapsed < 30s);
  }
  for (auto& each : workers) each.join();
}

TEST_CASE_METHOD(fixture, "a report that races the limit is safe either way", "[admin][execute]") {
  context.kill_timeout = 1ms;
  const auto target = add({.cs_id = first_id}, 77);
  std::vector<std::thread> workers;
  target->on_stop = [&](session::stop_handler done) {
    workers.emplace_back([done = std::move(done), report = target->report()] {
      std::this_thread::sleep_for(1ms);
      done(report);
    });
  };
  for (int round = 0; round < 100; ++round) {
    const auto given = run(kill_session{first_id}, token);
    if (const auto* error = std::get_if<failure>(&given)) {
      CHECK(error->kind == failure_kind::timeout);
    } else {
      CHECK(std::get<kill_outcome>(given).status == kill_status::killed);
    }
  }
  for (auto& each : workers) each.join();
}

TEST_CASE_METHOD(fixture, "an executor may die while a kill waits", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  session::stop_handler kept;
  target->on_stop = [&](session::stop_handler done) { kept = std::move(done); };
  {
    asio::io_context io(1);
    asio::co_spawn(io, execute(kill_session{first_id}, token, context),
                   [](const std::exception_ptr&, const result&) {});
    io.poll();
  }
  REQUIRE(kept);
  kept(target->report());
  CHECK(target->stopped_because.reason == session::stop_reason::killed);
}

TEST_CASE_METHOD(fixture, "one server session is ended alone", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  const auto server = target->add_server(16, 78);
  server->begin_request();
  target->on_stop = [&](const session::stop_handler& done) {
    done({.found = true, .server_sessions = {{server, server->running()}}});
  };
  const auto outcome = kill(kill_server_session{77, 16}, owner);
  CHECK(outcome.status == kill_status::killed);
  CHECK(outcome.ss_id == 16);
  CHECK(outcome.connection_id == 78);
  CHECK(outcome.interrupt == interrupt_status::interrupted);
  CHECK(target->ended_ss_id == 16);
  CHECK(target->stopped_because.reason == session::stop_reason::server_session_killed);
  CHECK(fail(kill_server_session{77, 17}, owner).message == "Unknown thread id: 17");
}

TEST_CASE_METHOD(fixture, "each kill ends with one word, and is counted by it", "[admin][execute]") {
  kill_counters counted;
  context.kills = &counted;
  const auto target = add({.cs_id = first_id}, 77);
  const auto check = [&](const command& what, const principal& who, kill_end end) {
    CAPTURE(to_text(end));
    const auto before = counted.value(end);
    const auto given = run(what, who);
    CHECK(end_of(given) == end);
    if (const auto* failed = std::get_if<failure>(&given)) CHECK(failed->outcome == end);
    CHECK(counted.value(end) == before + 1);
  };
  auto viewer = token;
  viewer.role = token_role::viewer;
  check(kill_query{77}, token, kill_end::already_idle);
  check(kill_session{77}, token, kill_end::killed);
  check(kill_session{78}, token, kill_end::not_found);
  check(kill_session{77}, other, kill_end::not_owner);
  check(kill_session{77}, viewer, kill_end::forbidden);
  target->server_sessions().front()->begin_request();
  check(kill_query{77}, token, kill_end::query_interrupted);
  for (const auto& [status, end] : {std::pair(interrupt_status::no_route, kill_end::no_route),
                                    {interrupt_status::backend_refused, kill_end::backend_refused},
                                    {interrupt_status::backend_unreachable, kill_end::backend_unreachable},
                                    {interrupt_status::timeout, kill_end::timeout}}) {
    interrupter.answer = {.status = status};
    check(kill_query{77}, token, end);
    check(kill_session{77}, token, end);
    CHECK(fail(kill_query{77}, token).target->cs_id == first_id);
  }
  add({.cs_id = own_id}, 79);
  check(kill_session{79}, owner, kill_end::killed_self);
  add({.cs_id = second_id}, 77, {"10.1.0.2", 3306});
  check(kill_session{77}, token, kill_end::ambiguous);
}

TEST_CASE_METHOD(fixture, "a thread whose connection the server has closed is not killed", "[admin][execute]") {
  struct fake_hold : session::held_connection {
    explicit fake_hold(bool is) : open(is) {}
    [[nodiscard]] bool is_open() const override { return open; }
    bool open;
  };
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  for (const bool open : {false, true}) {
    const auto hold = std::make_shared<fake_hold>(open);
    target->on_stop = [&](const session::stop_handler& done) {
      auto report = target->report();
      report.server_sessions.front().held = hold;
      done(std::move(report));
    };
    CHECK(end_of(kill(kill_session{first_id}, token)) == kill_end::killed);
    CHECK(interrupter.calls.size() == (open ? 1 : 0));
    target->on_stop = {};
    CHECK(hold.use_count() == 1);  // nobody holds it longer than the kill takes
  }
}

TEST_CASE_METHOD(fixture, "a query is killed on the backend that runs it", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  const auto idle = kill(kill_query{first_id}, owner);
  CHECK(idle.status == kill_status::already_idle);
  CHECK(interrupter.calls.empty());

  target->add_server(2, 78, {"10.1.0.2", 3307})->begin_request();
  const auto outcome = kill(kill_query{first_id}, owner);
  CHECK(outcome.status == kill_status::query_interrupted);
  CHECK(outcome.connection_id == 78);
  REQUIRE(interrupter.calls.size() == 1);
  CHECK(interrupter.calls[0].backend == "10.1.0.2:3307");
  CHECK(interrupter.calls[0].scope == interrupt_scope::query);
  CHECK(target->stopped_because.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(fixture, "a query kill that fails is a failure", "[admin][execute]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->server_sessions().front()->begin_request();
  interrupter.answer = {interrupt_status::backend_refused, 1095, "HY000", "You are not owner of thread 77"};
  const auto refused = fail(kill_query{first_id}, owner);
  CHECK(refused.kind == failure_kind::backend);
  CHECK(refused.code == 1095);
  CHECK(refused.sqlstate == "HY000");
  CHECK(refused.message == "You are not owner of thread 77");
  interrupter.answer = {interrupt_status::backend_refused, 1094, "HY000", "Unknown thread id: 77"};
  CHECK(kill(kill_query{first_id}, owner).status == kill_status::already_idle);
  interrupter.answer = {.status = interrupt_status::no_route};
  const auto no_route = fail(kill_query{first_id}, owner);
  CHECK(no_route.kind == failure_kind::backend);
  CHECK(no_route.code == 1105);
  CHECK(no_route.message.find("--control-user") != std::string::npos);
  interrupter.answer = {.status = interrupt_status::backend_unreachable, .message = "Connection refused"};
  CHECK(fail(kill_query{first_id}, owner).message.ends_with(": Connection refused"));
  interrupter.answer = {.status = interrupt_status::timeout};
  CHECK(fail(kill_query{first_id}, owner).kind == failure_kind::timeout);
}

}  // namespace
}  // namespace sessiongate::admin
