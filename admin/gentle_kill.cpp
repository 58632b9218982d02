#include "admin/gentle_kill.hpp"

#include "admin/kill.hpp"
#include "admin/stop_wait.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sessiongate::admin {

using boost::asio::awaitable;
using steady = std::chrono::steady_clock;

namespace {

std::chrono::microseconds elapsed_since(steady::time_point begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begun);
}

session::gentle_stop to_stop(const gentle_target& target, const kill_manner& how, const principal& who) {
  const auto reason = target.ss_id == 0 ? session::stop_reason::killed : session::stop_reason::server_session_killed;
  const auto after = how.when == kill_moment::after_statement ? session::resting_point::statement
                                                              : session::resting_point::transaction;
  return {.after = after, .why = stop_request(reason, who, how), .ss_id = target.ss_id};
}

/// What a kill found that did not wait any longer.
result at_timeout(result done, kill_outcome begun, std::chrono::microseconds waited) {
  if (auto* failed = std::get_if<failure>(&done)) {
    if (failed->kind != failure_kind::unknown_id) return done;
    begun.status = kill_status::ended_otherwise;  // in the meantime
    begun.waited = begun.elapsed = waited;
    return begun;
  }
  auto& outcome = std::get<kill_outcome>(done);
  outcome.ending = kill_ending::at_timeout;
  outcome.waited = waited;
  outcome.elapsed += waited;
  return done;
}

}  // namespace

std::chrono::milliseconds gentle_limit(const kill_manner& how, const execution_context& context) {
  if (!how.timeout && context.gentle_timeout.count() == 0) return kill_wait_max;
  return std::max(how.timeout.value_or(context.gentle_timeout), gentle_wait_min);
}

kill_outcome conclude_gentle(kill_outcome outcome, kill_moment when, const session::stop_report& report) {
  if (!report.found || report.end != session::stop_end::stopped) {
    outcome.status = kill_status::ended_otherwise;
    outcome.ended_with = session::to_text(report.ended_with.reason);
    if (!report.ended_with.detail.empty()) outcome.ended_with += ": " + report.ended_with.detail;
    return outcome;
  }
  outcome.ending = when == kill_moment::after_statement ? kill_ending::after_statement : kill_ending::after_transaction;
  if (outcome.ss_id != 0) outcome.obstacle = report.obstacle;
  if (!report.server_sessions.empty()) outcome.connection_id = report.server_sessions.front().session->connection_id();
  return outcome;
}

awaitable<result> kill_gently(gentle_target target, kill_manner how, principal who, execution_context& context,
                              std::function<awaitable<result>()> kill_now) {
  const auto begun = steady::now();
  auto outcome = begin_outcome(*target.session, kill_status::killed);
  outcome.ss_id = target.ss_id;
  const auto start = [&](session::stop_handler done) {
    target.session->stop_gently(to_stop(target, how, who), std::move(done));
  };
  const auto report = co_await wait_for_report(start, gentle_limit(how, context));
  if (!report) co_return at_timeout(co_await kill_now(), std::move(outcome), elapsed_since(begun));
  outcome = conclude_gentle(std::move(outcome), how.when, *report);
  outcome.waited = outcome.elapsed = elapsed_since(begun);
  co_return outcome;
}

}  // namespace sessiongate::admin
