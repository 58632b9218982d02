#include "admin/execute.hpp"

#include "admin/authorize.hpp"
#include "admin/command_table.hpp"
#include "admin/failures.hpp"
#include "admin/kill_counters.hpp"
#include "admin/listing.hpp"
#include "admin/proxy_view.hpp"
#include "admin/session_detail.hpp"
#include "admin/stop_wait.hpp"
#include "protocol/err_packet.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace {

using boost::asio::awaitable;
using session::client_session_ptr;
using server_session_ptr = std::shared_ptr<const session::server_session>;
using steady = std::chrono::steady_clock;

failure fail(failure_kind kind, std::string message) {
  failure result;
  result.kind = kind;
  result.message = std::move(message);
  return result;
}

failure ambiguous(std::uint64_t id, const std::vector<client_session_ptr>& found) {
  auto result = fail(failure_kind::ambiguous, "Thread id " + std::to_string(id) + " is ambiguous:");
  for (const auto& each : found) {
    const auto server = each->find_connection(static_cast<std::uint32_t>(id));
    if (!server) continue;  // it went away since it was found
    result.candidates.push_back({each->cs_id(), server->backend().text(), server->connection_id()});
    result.message += (result.candidates.size() == 1 ? " cs_id " : ", cs_id ") + std::to_string(each->cs_id()) +
                      " on " + server->backend().text();
  }
  result.message += "; name one by its cs_id";
  return result;
}

/// The one session that `id` names for this caller, who may do to it what the command does.
std::variant<client_session_ptr, failure> find_target(std::uint64_t id, const principal& who, command_kind kind,
                                                      const session::registry& sessions) {
  auto found = sessions.find(id);
  std::erase_if(found, [&](const auto& each) { return may(who, kind, *each) == verdict::hidden; });
  if (found.empty()) return unknown_thread(id);
  if (found.size() > 1) return ambiguous(id, found);
  if (may(who, kind, *found.front()) == verdict::allowed) return std::move(found.front());
  return not_owner_of(id);
}

kill_outcome begin_outcome(const session::client_session& target, kill_status status) {
  kill_outcome outcome;
  outcome.status = status;
  outcome.cs_id = target.cs_id();
  outcome.proxy_sessid = target.proxy_sessid();
  outcome.user = target.who()->user;
  return outcome;
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
    auto answer = co_await context.interrupter.interrupt(each.session->backend(), each.session->connection_id(),
                                                         interrupt_scope::connection);
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
    co_return fail(failure_kind::timeout, "The worker of session " + std::to_string(outcome.cs_id) +
                                              " did not answer in " + std::to_string(context.kill_timeout.count()) +
                                              " ms");
  }
  if (!report->found) co_return unknown_thread(absent);
  co_await interrupt_left_running(*report, context, outcome);
  outcome.elapsed = elapsed_since(begun);
  co_return outcome;
}

session::stop_request stop_request(session::stop_reason reason, const principal& who) {
  return {.reason = reason, .detail = "by " + to_text(who)};
}

awaitable<result> run(const show_table& what, const principal& who, execution_context& context) {
  if (find_listing(what.what).of_session == nullptr) co_return list(what, who, context);
  if (!what.id && who.cs_id == 0) co_return fail(failure_kind::malformed, "Unknown operator: an id is needed here");
  auto found = find_target(what.id.value_or(who.cs_id), who, kind_of(what), context.sessions);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  co_return list(what, *std::get<client_session_ptr>(found));
}

awaitable<result> run(const alter_config& what, const principal& /*who*/, execution_context& context) {
  auto changed = context.proxy->change_setting(what.name, what.value);
  if (auto* wrong = std::get_if<failure>(&changed)) co_return std::move(*wrong);
  co_return std::get<acknowledgement>(std::move(changed));
}

awaitable<result> run(const ping& /*what*/, const principal& /*who*/, execution_context& /*context*/) {
  co_return acknowledgement{};
}

awaitable<result> run(const show_session& what, const principal& who, execution_context& context) {
  if (!what.id && who.cs_id == 0) co_return fail(failure_kind::malformed, "Unknown operator: an id is needed here");
  auto found = find_target(what.id.value_or(who.cs_id), who, kind_of(what), context.sessions);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto& target = *std::get<client_session_ptr>(found);
  auto detail = describe_session(target, {.is_caller = target.cs_id() == who.cs_id, .process_id = context.process_id});
  if (auto wrong = apply(what.query, detail)) co_return std::move(*wrong);
  co_return detail;
}

awaitable<result> run(const kill_session& what, const principal& who, execution_context& context) {
  auto found = find_target(what.id, who, kind_of(what), context.sessions);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  if (target->cs_id() == who.cs_id) co_return begin_outcome(*target, kill_status::killed_self);
  auto start = [&](session::stop_handler done) {
    target->stop(stop_request(session::stop_reason::killed, who), std::move(done));
  };
  co_return co_await finish_stop(start, what.id, begin_outcome(*target, kill_status::killed), context);
}

awaitable<result> run(const kill_server_session& what, const principal& who, execution_context& context) {
  auto found = find_target(what.id, who, kind_of(what), context.sessions);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  if (!target->find_server_session(what.ss_id)) co_return unknown_thread(what.ss_id);
  auto start = [&](session::stop_handler done) {
    target->end_server_session(what.ss_id, stop_request(session::stop_reason::server_session_killed, who),
                               std::move(done));
  };
  auto outcome = begin_outcome(*target, kill_status::killed);
  outcome.ss_id = what.ss_id;
  co_return co_await finish_stop(start, what.ss_id, std::move(outcome), context);
}

server_session_ptr find_running(const session::client_session& target) {
  const auto servers = target.server_sessions();
  const auto running = std::ranges::find_if(servers, &session::server_session::running);
  return running == servers.end() ? nullptr : *running;
}

result finish_query_kill(kill_outcome outcome, const interrupt_answer& answer) {
  outcome.interrupt = answer.status;
  switch (answer.status) {
    case interrupt_status::interrupted:
      outcome.status = kill_status::query_interrupted;
      return outcome;
    case interrupt_status::not_needed:
      return outcome;
    case interrupt_status::no_route:
      return proxy_failure(
          "The statement could not be interrupted: there is no connection to its backend to send the KILL "
          "over; configure a control account (--control-user)");
    case interrupt_status::backend_refused:
      if (!is_gone(answer)) return backend_refusal(answer);
      outcome.interrupt = interrupt_status::not_needed;
      return outcome;
    case interrupt_status::backend_unreachable:
      return proxy_failure("The statement could not be interrupted: its backend cannot be reached" +
                           (answer.message.empty() ? std::string() : ": " + answer.message));
    case interrupt_status::timeout:
      break;
  }
  return fail(failure_kind::timeout, "The backend did not answer the KILL in time");
}

awaitable<result> run(const kill_query& what, const principal& who, execution_context& context) {
  const auto begun = steady::now();
  auto found = find_target(what.id, who, kind_of(what), context.sessions);
  if (auto* error = std::get_if<failure>(&found)) co_return std::move(*error);
  const auto target = std::get<client_session_ptr>(found);
  auto outcome = begin_outcome(*target, kill_status::already_idle);
  const auto server = find_running(*target);
  if (!server) co_return outcome;
  outcome.connection_id = server->connection_id();
  const auto answer =
      co_await context.interrupter.interrupt(server->backend(), server->connection_id(), interrupt_scope::query);
  outcome.elapsed = elapsed_since(begun);
  co_return finish_query_kill(std::move(outcome), answer);
}

}  // namespace

awaitable<result> execute(command what, principal who, execution_context& context) {
  if (const auto kind = kind_of(what); !may(who, kind)) co_return forbidden(who, kind);
  auto done = co_await std::visit([&](const auto& each) { return run(each, who, context); }, what);
  if (context.kills != nullptr && is_kill(what)) context.kills->count(done);
  co_return done;
}

}  // namespace sessiongate::admin
