#include "admin/kill.hpp"

#include "admin/failures.hpp"
#include "admin/gentle_kill.hpp"
#include "admin/plain_kill.hpp"
#include "admin/process_table.hpp"
#include "admin/stop_wait.hpp"
#include "admin/targets.hpp"
#include "protocol/err_packet.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace sessiongate::admin {

using boost::asio::awaitable;
using session::client_session_ptr;
using steady = std::chrono::steady_clock;

namespace {

using server_session_ptr = std::shared_ptr<const session::server_session>;

failure timed_out(kill_outcome target, std::string message) {
  failure failed;
  failed.kind = failure_kind::timeout;
  failed.message = std::move(message);
  target.interrupt = interrupt_status::timeout;
  failed.target = std::move(target);
  return failed;
}

/// A thread that is gone already needs no KILL any more.
bool is_gone(const interrupt_answer& answer) {
  return answer.status == interrupt_status::backend_refused && answer.code == protocol::er::no_such_thread;
}

void record_interrupt(kill_outcome& outcome, const session::server_session& server, interrupt_answer answer) {
  if (is_gone(answer)) answer = {.status = interrupt_status::interrupted};
  // Of several, one that could not be interrupted is what the caller has to hear about.
  const bool told =
      outcome.interrupt != interrupt_status::not_needed && outcome.interrupt != interrupt_status::interrupted;
  if (told) return;
  outcome.connection_id = server.connection_id();
  outcome.interrupt = answer.status;
  outcome.backend_answer = std::move(answer.message);
  outcome.backend_error = answer.code;
  outcome.backend_sqlstate = std::move(answer.sqlstate);
}

/// Closing a connection does not end the statement that runs on it: interrupts what a stop left running.
awaitable<void> interrupt_left_running(const session::stop_report& stopped, execution_context& context,
                                       kill_outcome& outcome) {
  if (!stopped.server_sessions.empty())
    outcome.connection_id = stopped.server_sessions.front().session->connection_id();
  for (const auto& each : stopped.server_sessions) {
    if (!each.was_running) continue;
    if (each.held && !each.held->is_open()) {  // its thread is gone, and another may have its number
      record_interrupt(outcome, *each.session, {.status = interrupt_status::interrupted});
      continue;
    }
    auto answer = co_await context.interrupter.interrupt({each.session, each.held}, interrupt_scope::connection);
    record_interrupt(outcome, *each.session, std::move(answer));
  }
}

std::chrono::microseconds elapsed_since(steady::time_point begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begun);
}

/// What both kinds of stop have in common; `absent` is the id that the caller is told when nothing was found.
awaitable<result> finish_stop(std::function<void(session::stop_handler)> start, std::uint64_t absent,
                              kill_outcome outcome, execution_context& context) {
  const auto begun = steady::now();
  const auto report = co_await wait_for_report(std::move(start), context.kill_timeout);
  if (!report) {
    outcome.elapsed = elapsed_since(begun);
    auto message = "The worker of session " + std::to_string(outcome.cs_id) + " did not answer in " +
                   std::to_string(context.kill_timeout.count()) + " ms";
    co_return timed_out(std::move(outcome), std::move(message));
  }
  if (!report->found) co_return unknown_thread(absent);
  if (outcome.ss_id != 0) outcome.obstacle = report->obstacle;
  co_await interrupt_left_running(*report, context, outcome);
  outcome.elapsed = elapsed_since(begun);
  co_return outcome;
}

/// A session that waits for its own end would wait for ever.
failure own_gentle_end() {
  failure failed;
  failed.kind = failure_kind::bad_value;
  failed.code = protocol::er::wrong_arguments;
  failed.sqlstate = "HY000";
  failed.message = "Incorrect arguments to KILL PROXYSESSION: a session cannot wait for its own end with AFTER";
  return failed;
}

bool is_met(const kill_condition& only_if, const session::client_session& target) {
  return only_if == nullptr || only_if->matches(process_row(target, true));
}

server_session_ptr find_running(const session::client_session& target) {
  const auto servers = target.server_sessions();
  const auto running = std::ranges::find_if(servers, &session::server_session::running);
  return running == servers.end() ? nullptr : *running;
}

result finish_query_kill(kill_outcome outcome, const interrupt_answer& answer) {
  outcome.interrupt = is_gone(answer) ? interrupt_status::not_needed : answer.status;
  if (outcome.interrupt == interrupt_status::not_needed) return outcome;
  if (outcome.interrupt != interrupt_status::interrupted)
    return kill_failure("The statement could not be interrupted", answer, std::move(outcome));
  outcome.status = kill_status::query_interrupted;
  return outcome;
}

awaitable<result> kill_at_once(client_session_ptr target, const kill_session& what, const principal& who,
                               execution_context& context) {
  if (target->cs_id() == who.cs_id) co_return begin_outcome(*target, kill_status::killed_self);
  auto start = [&](session::stop_handler done) {
    target->stop(stop_request(session::stop_reason::killed, who, what.how), std::move(done));
  };
  co_return co_await finish_stop(start, what.id.number, begin_outcome(*target, kill_status::killed), context);
}

awaitable<result> kill_at_once(client_session_ptr target, const kill_server_session& what, const principal& who,
                               execution_context& context) {
  auto start = [&](session::stop_handler done) {
    target->end_server_session(what.ss_id, stop_request(session::stop_reason::server_session_killed, who, what.how),
                               std::move(done));
  };
  auto outcome = begin_outcome(*target, kill_status::killed);
  outcome.ss_id = what.ss_id;
  co_return co_await finish_stop(start, what.ss_id, std::move(outcome), context);
}

}  // namespace

session::stop_request stop_request(session::stop_reason reason, const principal& who, const kill_manner& how) {
  return {.reason = reason, .detail = "by " + to_text(who) + (how.reason.empty() ? "" : ": " + how.reason)};
}

awaitable<result> kill_now(client_session_ptr target, kill_manner how, principal who, execution_context& context) {
  const auto start = [&](session::stop_handler done) {
    target->stop(stop_request(session::stop_reason::killed, who, how), std::move(done));
  };
  co_return co_await finish_stop(start, target->cs_id(), begin_outcome(*target, kill_status::killed), context);
}

awaitable<result> kill(const kill_session& what, const principal& who, execution_context& context) {
  if (what.plain) {
    if (auto told = co_await leave_to_backend(what.id.number, kind_of(what), who, context)) co_return std::move(*told);
  }
  auto found = find_target(what.id, who, kind_of(what), context);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  if (!is_met(what.only_if, *target)) co_return no_longer_matches(target->cs_id());
  if (what.how.when == kill_moment::at_once) co_return co_await kill_at_once(target, what, who, context);
  if (target->cs_id() == who.cs_id) co_return own_gentle_end();
  co_return co_await kill_gently({.session = target}, what.how, who, context,
                                 [&] { return kill_at_once(target, what, who, context); });
}

awaitable<result> kill(const kill_server_session& what, const principal& who, execution_context& context) {
  auto found = find_target(what.id, who, kind_of(what), context);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  if (!target->find_server_session(what.ss_id)) co_return unknown_thread(what.ss_id);
  if (what.how.when == kill_moment::at_once) co_return co_await kill_at_once(target, what, who, context);
  if (target->cs_id() == who.cs_id) co_return own_gentle_end();
  co_return co_await kill_gently({.session = target, .ss_id = what.ss_id}, what.how, who, context,
                                 [&] { return kill_at_once(target, what, who, context); });
}

awaitable<result> kill(const kill_query& what, const principal& who, execution_context& context) {
  const auto begun = steady::now();
  if (what.plain) {
    if (auto told = co_await leave_to_backend(what.id.number, kind_of(what), who, context)) co_return std::move(*told);
  }
  auto found = find_target(what.id, who, kind_of(what), context);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  if (!is_met(what.only_if, *target)) co_return no_longer_matches(target->cs_id());
  auto outcome = begin_outcome(*target, kill_status::already_idle);
  const auto server = find_running(*target);
  if (!server) co_return outcome;
  outcome.connection_id = server->connection_id();
  const auto answer = co_await context.interrupter.interrupt({server}, interrupt_scope::query);
  outcome.elapsed = elapsed_since(begun);
  co_return finish_query_kill(std::move(outcome), answer);
}

awaitable<kill_outcome> interrupt_abandoned(kill_outcome target, session::stop_report left,
                                            execution_context& context) {
  const auto begun = steady::now();
  co_await interrupt_left_running(left, context, target);
  target.elapsed = elapsed_since(begun);
  co_return target;
}

}  // namespace sessiongate::admin
