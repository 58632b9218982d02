#include "test/unit/admin/execute_fixture.hpp"

using namespace sessiongate;
using namespace sessiongate::admin;
using namespace sessiongate::admin::test;
using session::stop_end;

namespace {

kill_session gently(std::uint64_t id, kill_moment when, std::optional<std::chrono::milliseconds> timeout = {}) {
  return {.id = id, .how = {.when = when, .timeout = timeout, .reason = "upgrade"}};
}

}  // namespace

TEST_CASE_METHOD(execute_fixture, "a gentle kill is carried out by the session itself") {
  const auto target = add({.cs_id = first_id}, 17);
  const auto done = kill(gently(first_id, kill_moment::after_transaction), owner);
  CHECK(done.status == kill_status::killed);
  CHECK(end_of(done) == kill_end::killed);
  CHECK(done.ending == kill_ending::after_transaction);
  CHECK(done.connection_id == 17);
  CHECK(target->marked.after == session::resting_point::transaction);
  CHECK(target->marked.why.reason == session::stop_reason::killed);
  CHECK(target->marked.why.detail.ends_with(": upgrade"));
  CHECK(target->stopped_because.reason == session::stop_reason::none);
  CHECK(interrupter.calls.empty());
}

TEST_CASE_METHOD(execute_fixture, "after a statement is told apart from after a transaction") {
  const auto target = add({.cs_id = first_id}, 17);
  CHECK(kill(gently(first_id, kill_moment::after_statement), owner).ending == kill_ending::after_statement);
  CHECK(target->marked.after == session::resting_point::statement);
}

TEST_CASE_METHOD(execute_fixture, "at the timeout the session is ended the hard way, its statement interrupted") {
  const auto target = add({.cs_id = first_id}, 17);
  target->find_connection(17)->begin_request();
  target->on_mark = [](const session::stop_handler&) {};
  const auto done = kill(gently(first_id, kill_moment::after_statement, 20ms), owner);
  CHECK(done.status == kill_status::killed);
  CHECK(done.ending == kill_ending::at_timeout);
  CHECK(done.waited >= 20ms);
  CHECK(done.elapsed >= done.waited);
  CHECK(done.interrupt == interrupt_status::interrupted);
  CHECK(interrupter.calls.size() == 1);
}

TEST_CASE_METHOD(execute_fixture, "a kill that names no timeout has the configured one") {
  const auto target = add({.cs_id = first_id}, 17);
  target->on_mark = [](const session::stop_handler&) {};
  context.gentle_timeout = 20ms;
  CHECK(kill(gently(first_id, kill_moment::after_transaction), owner).ending == kill_ending::at_timeout);
}

TEST_CASE_METHOD(execute_fixture, "a session that ended for another reason first was not killed") {
  const auto target = add({.cs_id = first_id}, 17);
  target->on_mark = [](const session::stop_handler& done) {
    done({.found = true,
          .server_sessions = {},
          .end = stop_end::ended_otherwise,
          .ended_with = {session::stop_reason::client_quit, {}}});
  };
  const auto done = kill(gently(first_id, kill_moment::after_transaction), owner);
  CHECK(end_of(done) == kill_end::ended_otherwise);
  CHECK(done.ended_with == "client_quit");
}

TEST_CASE_METHOD(execute_fixture, "a session that was gone at the timeout was not killed either") {
  const auto target = add({.cs_id = first_id}, 17);
  target->on_mark = [](const session::stop_handler&) {};
  target->on_stop = [](const session::stop_handler& done) { done({}); };
  CHECK(end_of(kill(gently(first_id, kill_moment::after_transaction, 20ms), owner)) == kill_end::ended_otherwise);
}

TEST_CASE_METHOD(execute_fixture, "a session cannot wait for its own end") {
  add({.cs_id = own_id}, 17);
  const auto refused = fail(gently(own_id, kill_moment::after_transaction), owner);
  CHECK(refused.kind == failure_kind::bad_value);
  CHECK(refused.code == 1210);
  CHECK(end_of(refused) == kill_end::refused);
}

TEST_CASE_METHOD(execute_fixture, "a gentle kill of another's session is refused before anything is marked") {
  const auto target = add({.cs_id = first_id}, 17);
  CHECK(fail(gently(first_id, kill_moment::after_transaction), other).kind == failure_kind::not_owner);
  CHECK(target->marked.why.reason == session::stop_reason::none);
}

TEST_CASE_METHOD(execute_fixture, "one server session is ended gently") {
  const auto target = add({.cs_id = first_id}, 17);
  const auto ss_id = target->server_sessions().front()->ss_id();
  const auto done =
      kill(kill_server_session{.id = first_id, .ss_id = ss_id, .how = {.when = kill_moment::after_statement}}, owner);
  CHECK(done.ss_id == ss_id);
  CHECK(done.ending == kill_ending::after_statement);
  CHECK(target->marked.ss_id == ss_id);
  CHECK(target->marked.why.reason == session::stop_reason::server_session_killed);
}
