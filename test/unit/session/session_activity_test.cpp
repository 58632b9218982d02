#include "session/session_activity.hpp"

#include "session/ticks.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace sessiongate::session;
using sessiongate::protocol::command;

namespace {

constexpr std::uint32_t me = 42;

std::uint64_t count(const session_activity& of, request_kind kind) {
  return of.statistics()->requests[static_cast<std::size_t>(kind)].value();
}

std::uint64_t count(const session_activity& of, response_kind kind) {
  return of.statistics()->responses[static_cast<std::size_t>(kind)].value();
}

}  // namespace

TEST_CASE("a session that never sent a command has no statistics and waits for its client") {
  const session_activity idle;
  CHECK(idle.statistics() == nullptr);
  CHECK(idle.command() == command::sleep);
  CHECK(idle.waits().what == wait_kind::client_read);
  CHECK(idle.transaction_since() == 0);
  CHECK_FALSE(idle.statement(me));
}

TEST_CASE("a command runs until it becomes idle, and its text with it") {
  statement_pool pool(64);
  session_activity busy;
  busy.received_from_client(38);
  busy.begin_command(command::query, request_kind::select, 34);
  busy.show_text(me, "SELECT 1", 8, pool);
  CHECK(busy.command() == command::query);
  CHECK(busy.waits().what == wait_kind::backend_read);
  CHECK(busy.statement(me)->text == "SELECT 1");
  CHECK_FALSE(busy.statement(me + 1));
  busy.received_from_server(100);
  busy.end_response(response_kind::result_set, 100);
  busy.become_idle(false, pool);
  CHECK(busy.command() == command::sleep);
  CHECK_FALSE(busy.statement(me));
  CHECK(busy.bytes_from_client() == 38);
  CHECK(busy.bytes_from_server() == 100);
  CHECK(count(busy, request_kind::select) == 1);
  CHECK(count(busy, response_kind::result_set) == 1);
  CHECK(busy.statistics()->request_sizes[0].value() == 1);
  CHECK(busy.statistics()->response_sizes[0].value() == 1);
  CHECK(pool.lend() != nullptr);
  CHECK(pool.size() == 1);
}

TEST_CASE("in a transaction the last text stays, and the time is that of the statement that began it") {
  statement_pool pool(64);
  session_activity busy;
  busy.begin_command(command::query, request_kind::other, 10);
  busy.show_text(me, "BEGIN", 5, pool);
  const auto begun = busy.since();
  busy.received_from_server(11);
  busy.end_response(response_kind::ok, 11);
  busy.become_idle(true, pool);
  CHECK(busy.transaction_since() == begun);
  CHECK(busy.statement(me)->text == "BEGIN");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  busy.begin_command(command::query, request_kind::other, 10);
  busy.received_from_server(11);
  busy.end_response(response_kind::ok, 11);
  busy.become_idle(false, pool);
  CHECK(busy.transaction_since() == 0);
  CHECK(to_duration(busy.statistics()->transaction_time.value()) >= std::chrono::milliseconds(2));
  CHECK(to_duration(busy.statistics()->client_idle_time.value()) >= std::chrono::milliseconds(2));
}

TEST_CASE("what a session waits for beside its commands") {
  session_activity stuck;
  stuck.wait_for(wait_kind::client_write, 4096);
  CHECK(stuck.waits().what == wait_kind::client_write);
  CHECK(stuck.waits().queued == 4096);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(elapsed_since(stuck.waits().since) >= std::chrono::milliseconds(1));
  stuck.wait_no_more();
  CHECK(stuck.waits().what == wait_kind::client_read);
  CHECK(stuck.waits().queued == 0);
  CHECK(to_duration(stuck.statistics()->client_write_time.value()) >= std::chrono::milliseconds(1));
}

TEST_CASE("sizes fall into the original's classes") {
  CHECK(size_class(0) == 0);
  CHECK(size_class(100) == 0);
  CHECK(size_class(101) == 1);
  CHECK(size_class(1024) == 1);
  CHECK(size_class(5121) == 4);
  CHECK(size_class(1048576) == 5);
  CHECK(size_class(1048577) == 6);
}

TEST_CASE("ticks become durations and times of day") {
  const auto begun = now_ticks();
  const auto time = std::chrono::system_clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto passed = elapsed_since(begun);
  CHECK(passed >= std::chrono::milliseconds(19));
  CHECK(passed < std::chrono::seconds(5));
  const auto off = to_time(begun) - time;
  CHECK(std::chrono::abs(off) < std::chrono::milliseconds(200));
  CHECK(elapsed_since(now_ticks() + 1000000000) == std::chrono::nanoseconds(0));
}
