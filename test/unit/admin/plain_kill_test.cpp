#include "admin/plain_kill.hpp"

#include "admin/kill_counters.hpp"
#include "protocol/err_packet.hpp"
#include "test/unit/admin/execute_fixture.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>

namespace sessiongate::admin {
namespace {

namespace asio = boost::asio;
using test::first_id;
using test::second_id;

/// The caller's own server session, which answers as the test says.
struct own_backend : test::fake_interrupter {
  asio::awaitable<interrupt_answer> interrupt_as_caller(std::shared_ptr<const session::server_session> of,
                                                        std::uint32_t connection_id, interrupt_scope scope) override {
    asked.push_back({of ? of->backend().text() : std::string("own"), connection_id, scope});
    co_return answer_to_caller;
  }

  interrupt_answer answer_to_caller{.status = interrupt_status::interrupted};
  std::vector<call> asked;
};

struct fixture : test::execute_fixture {
  own_backend own;
  execution_context asking{sessions, own, std::chrono::seconds(2)};

  result put(command what, const principal& who) {
    asio::io_context io(1);
    std::optional<result> given;
    asio::co_spawn(io, execute(std::move(what), who, asking), [&](const std::exception_ptr& error, result done) {
      if (error) std::rethrow_exception(error);
      given = std::move(done);
    });
    io.run();
    REQUIRE(given);
    return *given;
  }
};

TEST_CASE_METHOD(fixture, "a plain KILL of what the caller does not own is the backend's to decide",
                 "[admin][plain_kill]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->publish_running(true);
  const auto done = std::get<kill_outcome>(put(kill_session{.id = first_id, .plain = true}, other));
  REQUIRE(own.asked.size() == 1);
  CHECK(own.asked[0].backend == "10.1.0.1:3306");
  CHECK(own.asked[0].connection_id == 77);
  CHECK(own.asked[0].scope == interrupt_scope::connection);
  CHECK(own.calls.empty());  // not over another's connection
  CHECK(done.status == kill_status::killed);
  CHECK(done.cs_id == first_id);
  CHECK(done.connection_id == 77);
  CHECK(done.was_running);
}

TEST_CASE_METHOD(fixture, "a plain KILL QUERY asks for the statement alone", "[admin][plain_kill]") {
  add({.cs_id = first_id}, 77);
  const auto done = std::get<kill_outcome>(put(kill_query{.id = 77, .plain = true}, other));
  CHECK(own.asked.at(0).scope == interrupt_scope::query);
  CHECK(done.status == kill_status::query_interrupted);
}

TEST_CASE_METHOD(fixture, "a number that is none of the proxy's is put to the caller's backend",
                 "[admin][plain_kill]") {
  put(kill_session{.id = 4711, .plain = true}, owner);
  REQUIRE(own.asked.size() == 1);
  CHECK(own.asked[0].backend == "own");
  CHECK(own.asked[0].connection_id == 4711);
  put(kill_session{.id = 1ULL << 32U, .plain = true}, owner);  // no server has such a thread
  CHECK(own.asked.size() == 1);
}

TEST_CASE_METHOD(fixture, "what the proxy decides is not put to the backend", "[admin][plain_kill]") {
  add({.cs_id = first_id}, 77);
  CHECK(std::holds_alternative<kill_outcome>(put(kill_session{.id = first_id, .plain = true}, owner)));
  CHECK(std::get<failure>(put(kill_session{.id = 77, .plain = true}, stranger)).kind == failure_kind::unknown_id);
  CHECK(std::get<failure>(put(kill_session{.id = first_id}, other)).kind == failure_kind::not_owner);
  add({.cs_id = second_id}, 77, {"10.1.0.2", 3306});
  CHECK(std::get<failure>(put(kill_session{.id = 77, .plain = true}, other)).kind == failure_kind::ambiguous);
  CHECK(own.asked.empty());
}

TEST_CASE_METHOD(fixture, "the backend's refusal names the id that the caller wrote", "[admin][plain_kill]") {
  add({.cs_id = first_id}, 77);
  const auto refused = [&](std::uint16_t code) {
    own.answer_to_caller = {interrupt_status::backend_refused, code, "HY000", "about thread 77"};
    return std::get<failure>(put(kill_session{.id = first_id, .plain = true}, other));
  };
  const auto id = std::to_string(first_id);
  CHECK(refused(protocol::er::no_such_thread).message == "Unknown thread id: " + id);
  CHECK(refused(protocol::er::kill_denied).message == "You are not owner of thread " + id);
  CHECK(refused(1836).message == "about thread 77");
}

TEST_CASE_METHOD(fixture, "a backend that does not answer has not refused", "[admin][plain_kill]") {
  const auto target = add({.cs_id = first_id}, 77);
  target->publish_running(true);
  kill_counters counted;
  asking.kills = &counted;
  const auto fail = [&](command what, interrupt_answer answer, kill_end end) {
    own.answer_to_caller = std::move(answer);
    const auto before = counted.value(end);
    const auto failed = std::get<failure>(put(std::move(what), other));
    CHECK(failed.outcome == end);
    CHECK(counted.value(end) == before + 1);
    REQUIRE(failed.target);
    CHECK(failed.target->interrupt == own.answer_to_caller.status);
    CHECK(failed.target->backend_error == own.answer_to_caller.code);
    CHECK(failed.target->backend_answer == own.answer_to_caller.message);
    return failed;
  };
  const interrupt_answer lost{interrupt_status::backend_unreachable, 2003, "HY000", "it closed"};
  const interrupt_answer late{interrupt_status::timeout, 1105, "HY000", "the backend did not answer"};
  const auto unreached = fail(kill_session{.id = first_id, .plain = true}, lost, kill_end::backend_unreachable);
  CHECK(unreached.kind == failure_kind::backend);
  CHECK(unreached.code == 1105);
  CHECK(unreached.message == "The session could not be killed: its backend cannot be reached: it closed");
  CHECK(unreached.target->cs_id == first_id);
  CHECK(unreached.target->connection_id == 77);
  CHECK(unreached.target->was_running);
  CHECK(fail(kill_query{.id = first_id, .plain = true}, lost, kill_end::backend_unreachable)
            .message.starts_with("The statement could not be interrupted: "));
  const auto timed_out = fail(kill_session{.id = first_id, .plain = true}, late, kill_end::timeout);
  CHECK(timed_out.kind == failure_kind::timeout);
  CHECK(timed_out.message == "The backend did not answer the KILL in time");
  const auto elsewhere = fail(kill_session{.id = 4711, .plain = true}, late, kill_end::timeout);
  CHECK(elsewhere.target->cs_id == 0);  // none of the proxy's
  CHECK(elsewhere.target->connection_id == 4711);
  const interrupt_answer refused{interrupt_status::backend_refused, 1836, "HY000", "read-only"};
  CHECK(fail(kill_session{.id = first_id, .plain = true}, refused, kill_end::backend_refused).message == "read-only");
}

TEST_CASE_METHOD(fixture, "without a server session of the caller's the proxy decides", "[admin][plain_kill]") {
  add({.cs_id = first_id}, 77);
  own.answer_to_caller = {};
  CHECK(std::get<failure>(put(kill_session{.id = first_id, .plain = true}, other)).kind == failure_kind::not_owner);
}

}  // namespace
}  // namespace sessiongate::admin
