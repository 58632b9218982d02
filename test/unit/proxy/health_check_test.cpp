#include "proxy/health_check.hpp"

#include "proxy/scripted_backend.hpp"

#include <algorithm>
#include <chrono>

using namespace sessiongate;
using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using test::error_answer;
using test::packet_of;
using test::rows_answer;

namespace {

constexpr auto read_only_question = "SELECT @@global.read_only";
constexpr auto rights_question = "SELECT PRIVILEGE_TYPE";
constexpr auto count_question = "SET STATEMENT max_statement_time";

/// A check that succeeds is followed by the next at once; one that fails by the next after a second.
struct fixture {
  explicit fixture(std::chrono::milliseconds timeout = 30s) : limit(timeout) {
    backend.answers[read_only_question] = rows_answer(1, {{"0"}});
    backend.answers["SHOW GLOBAL VARIABLES"] = rows_answer(2, {{"sql_mode", "ANSI"}});
    backend.answers[rights_question] = rows_answer(1, {{"TRIGGER"}});
    backend.answers[count_question] = rows_answer(1, {{"0"}});
  }
  ~fixture() {
    check->stop();
    backend.stop();
    on.context.restart();
    on.context.poll();
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;

  template <class Condition>
  void start_until(Condition condition) {
    check->start();
    test::run_until(on.context, condition);
  }
  /// The first check has ended, one way or the other.
  void run_first() {
    start_until([this] { return target->health().state() != backend_state::unknown; });
  }
  void run_until_asked(std::string_view beginning, std::size_t times) {
    test::run_until(on.context, [&] { return backend.times_asked(beginning) >= times; });
  }
  [[nodiscard]] std::string reason() const { return target->health().look().reason; }

  test::reactor on;
  std::chrono::milliseconds limit;
  test::scripted_backend backend{on.context};
  gateway shared{settings(), on.sockets};
  cluster& owner = *shared.clusters.all().front();
  backend_ptr target = owner.backends().front();
  std::shared_ptr<health_check> check = std::make_shared<health_check>(shared, owner, target, on.sockets);

 private:
  [[nodiscard]] config settings() const {
    config read;
    read.clusters = {{.backends = {{.address = backend.address()}}, .control_user = "control"}};
    read.health_check_interval = 1ms;
    read.health_check_timeout = limit;
    read.routine_check_interval = 1ms;
    return read;
  }
};

struct short_fixture : fixture {
  short_fixture() : fixture(50ms) {}
};

}  // namespace

TEST_CASE_METHOD(fixture, "health check: a server that answers is up, and what it tells is noted") {
  const auto [told, read_only] =
      GENERATE(table<std::string, bool>({{"0", false}, {"OFF", false}, {"1", true}, {"ON", true}}));
  backend.answers[read_only_question] = rows_answer(1, {{told}});
  start_until([this] { return target->hidden().risky().has_value(); });
  const auto between = std::chrono::steady_clock::now();
  run_until_asked(read_only_question, 3);
  CHECK(target->health().state() == backend_state::up);
  CHECK(target->health().checked());
  CHECK(target->last_check()->read_only == read_only);
  CHECK(target->last_check()->problem.empty());
  CHECK(target->last_check()->took > 0us);
  CHECK(target->hidden().risky() == 0);
  const auto globals = target->globals_at(between).variables;
  REQUIRE(globals);
  CHECK(*globals->find("sql_mode") == "ANSI");
  CHECK(target->last_greeting()->server_version == "11.8.0-MariaDB");
  CHECK(backend.connections == 1);  // it is kept
}

TEST_CASE_METHOD(fixture, "health check: a server that does not let the account in is there, and logins judge it") {
  SECTION("it refuses the login") {
    backend.verdict = error_answer(1045, "Access denied", 2);
  }
  SECTION("it refuses the connection") {
    backend.greeting = error_answer(1040, "Too many connections", 0);
  }
  SECTION("it does not say who it is") {
    backend.answers["SHOW GLOBAL STATUS LIKE 'Uptime'"] = error_answer(1, "no");
  }
  run_first();
  CHECK(target->health().state() == backend_state::up);
  CHECK_FALSE(target->health().checked());
  CHECK(target->last_check()->problem.starts_with("the control account cannot log in: "));
}

TEST_CASE_METHOD(fixture, "health check: a server that refuses a question is there, too") {
  const auto [question, problem] = GENERATE(table<std::string, std::string>(
      {{read_only_question, "1193: no such variable"}, {"SHOW GLOBAL VARIABLES", "1193: no such variable"}}));
  backend.answers[question] = error_answer(1193, "no such variable");
  run_first();
  CHECK(target->health().state() == backend_state::up);
  CHECK_FALSE(target->health().checked());
  CHECK(target->last_check()->problem == problem);
  backend.answers[question] = rows_answer(2, {{"0", ""}});
  test::run_until(on.context, [this] { return target->health().checked(); });
  CHECK(target->last_check()->problem.empty());
}

TEST_CASE_METHOD(fixture, "health check: what does not greet as a server does is a failure, and says how it went") {
  const auto [first, why] = GENERATE(
      table<std::string, std::string>({{"", "closed before its greeting"},
                                       {std::string("\x05\0\0\0", 4) + "hello", "does not speak the MySQL protocol"},
                                       {std::string("\x01\0\0\0\xFF", 5), "it sent a malformed error"},
                                       {std::string("\xFF\xFF\xFF\0\x0A", 5), "Message too long"}}));
  backend.greeting = first;
  run_first();
  CHECK(target->health().state() == backend_state::suspect);
  CHECK(target->health().checked());
  CHECK_THAT(reason(), Catch::Contains(why));
  CHECK(target->last_check()->took == 0us);
  CHECK(backend.connections == 1);  // a fresh connection is not tried twice
}

TEST_CASE_METHOD(fixture, "health check: where nobody listens is a failure") {
  backend.stop();
  run_first();
  CHECK(target->health().state() == backend_state::suspect);
  CHECK_THAT(reason(), Catch::Contains("refused"));
}

TEST_CASE_METHOD(fixture, "health check: a server that goes away in the middle is lost") {
  const auto half = std::string("\x01\0\0\x01\x01\x10", 6);  // a column count, and a definition that never comes
  SECTION("before the login's answer") {
    backend.verdict.clear();
  }
  SECTION("before a question's answer") {
    backend.answers[read_only_question].clear();
  }
  SECTION("before the globals") {
    backend.answers["SHOW GLOBAL VARIABLES"].clear();
  }
  SECTION("before a count") {
    backend.answers[count_question].clear();
  }
  SECTION("it sends an empty packet") {
    backend.answers[read_only_question] = packet_of({});
  }
  SECTION("it announces too much") {
    backend.answers[read_only_question] = std::string("\xFF\xFF\xFF\x01\x01", 5);
  }
  SECTION("in the middle of an answer") {
    backend.answers[read_only_question] = half;
    check->start();
    run_until_asked(read_only_question, 1);
    backend.stop();
    test::run_until(on.context, [this] { return target->health().state() != backend_state::unknown; });
    CHECK(target->health().state() == backend_state::suspect);
    return;
  }
  run_first();
  CHECK(target->health().state() == backend_state::suspect);
  CHECK(target->last_check()->took == 0us);
}

TEST_CASE_METHOD(fixture,
                 "health check: a kept connection that was closed is no failure when a fresh one is answered") {
  start_until([this] { return target->hidden().risky().has_value(); });
  backend.close_connections();
  test::run_until(on.context, [this] { return backend.connections == 2; });
  run_until_asked(count_question, backend.times_asked(count_question) + 3);
  CHECK(target->health().state() == backend_state::up);
  CHECK(target->health().look().failures == 0);
}

TEST_CASE_METHOD(fixture,
                 "health check: a kept connection that was closed is one failure when a fresh one fails, too") {
  start_until([this] { return target->hidden().risky().has_value(); });
  backend.greeting.clear();
  backend.close_connections();
  test::run_until(on.context, [this] { return target->health().state() == backend_state::suspect; });
  CHECK(target->health().look().failures == 1);
  CHECK_THAT(reason(), Catch::Contains("closed before its greeting"));
}

TEST_CASE_METHOD(short_fixture, "health check: a server that stands still is late, and is not asked twice") {
  SECTION("it does not let in") {
    backend.verdict = std::string("\x07", 1);
  }
  SECTION("it does not answer") {
    backend.answers.erase(read_only_question);
  }
  SECTION("it does not answer any more") {
    start_until([this] { return target->hidden().risky().has_value(); });
    backend.answers.erase(read_only_question);
  }
  const auto before = backend.connections;
  if (before == 0) check->start();
  test::run_until(on.context, [this] { return target->health().state() == backend_state::suspect; });
  CHECK(reason() == "no answer within health-check-timeout");
  CHECK(backend.connections <= std::max<std::size_t>(before, 1));  // a busy machine may be late before it has connected
}

TEST_CASE_METHOD(fixture, "health check: stored programs that cannot be counted are unknown, and no failure") {
  const auto expect = [this](const std::string& why) {
    start_until([this, &why] { return target->hidden().why_unknown() == why; });
    run_until_asked(read_only_question, 2);
    CHECK(target->health().state() == backend_state::up);
    CHECK(target->last_check()->problem.empty());
    CHECK_FALSE(target->hidden().risky());
  };
  SECTION("a right is missing") {
    backend.answers[rights_question] = rows_answer(1, {{"PROCESS"}});
    expect("the control account lacks TRIGGER ON *.*");
    CHECK(backend.times_asked(count_question) == 0);
  }
  SECTION("rights are not shown") {
    backend.answers[rights_question] = error_answer(1142, "denied");
    expect("the control account lacks TRIGGER ON *.*");
  }
  SECTION("the server gives up on a count") {
    backend.answers[count_question] = error_answer(1969, "max_statement_time exceeded");
    expect("1969: max_statement_time exceeded");
  }
  SECTION("a count is no number") {
    backend.answers[count_question] = rows_answer(1, {{"many"}});
    expect("the server did not tell of its stored programs");
  }
  SECTION("a count has no row") {
    backend.answers[count_question] = rows_answer(1, {});
    expect("the server did not tell of its stored programs");
  }
}

TEST_CASE_METHOD(fixture, "health check: what was found of stored programs is added up") {
  backend.answers[count_question] = rows_answer(1, {{"2"}});
  start_until([this] { return target->hidden().risky().has_value(); });
  CHECK(target->hidden().risky() == 6);  // routines, triggers, views
}

TEST_CASE_METHOD(fixture, "health check: rights that have changed count for a fresh connection") {
  start_until([this] { return target->hidden().risky().has_value(); });
  backend.answers[rights_question] = rows_answer(1, {{"PROCESS"}});
  test::run_until(on.context, [this] { return !target->hidden().risky(); });
  CHECK(target->hidden().why_unknown() == "the control account lacks TRIGGER ON *.*");
  CHECK(backend.connections == 2);
  CHECK(target->health().look().failures == 0);
}

TEST_CASE_METHOD(fixture, "health check: one that is stopped concludes nothing") {
  backend.answers.erase(read_only_question);
  check->start();
  run_until_asked(read_only_question, 1);
  check->stop();
  test::run_until(on.context, [this] { return check.use_count() == 1; });
  CHECK(target->health().state() == backend_state::unknown);
  CHECK(target->last_check()->problem.empty());
}
