#include "proxy/guard_kills.hpp"

#include "proxy/kill_route.hpp"
#include "proxy/log.hpp"

#include "admin/execute.hpp"
#include "admin/kill.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using session::stop_reason;

void guard_kills::finish(guard which, admin::kill_record begun, admin::kill_outcome target, session::stop_report left) {
  const bool runs_on = std::ranges::any_of(left.server_sessions, &session::stop_report::server_thread::was_running);
  if (!runs_on) return conclude(which, std::move(begun), target);
  asio::co_spawn(home_, interrupt_left(which, std::move(begun), std::move(target), std::move(left)), asio::detached);
}

void guard_kills::conclude(guard which, admin::kill_record begun, const admin::kill_outcome& outcome) {
  counts_[static_cast<std::size_t>(which)].fetch_add(1, std::memory_order_relaxed);
  const auto end = admin::end_of(outcome);
  kills_.count(end);
  log_event(log_level::info, "guard_kill",
            {{"guard", to_text(which)},
             {"cs_id", outcome.cs_id},
             {"connection_id", outcome.connection_id},
             {"user", outcome.user},
             {"outcome", to_text(end)},
             {"error", outcome.backend_answer}});
  trail_.add(admin::conclude(std::move(begun), outcome));
}

asio::awaitable<void> guard_kills::interrupt_left(guard which, admin::kill_record begun, admin::kill_outcome target,
                                                  session::stop_report left) {
  kill_route route(nullptr, clusters_);
  admin::execution_context context{sessions_, route, settings_.kill_timeout};
  const auto outcome = co_await admin::interrupt_abandoned(std::move(target), std::move(left), context);
  conclude(which, std::move(begun), outcome);
}

void guard_kills::interrupt(session::client_session_ptr target, std::uint64_t request) {
  asio::co_spawn(home_, interrupt_statement(std::move(target), request), asio::detached);
}

asio::awaitable<void> guard_kills::interrupt_statement(session::client_session_ptr target, std::uint64_t request) {
  const auto servers = target->server_sessions();
  const bool is_over = servers.empty() || !servers.front()->running() || servers.front()->request_count() != request;
  if (is_over) co_return;
  counts_[static_cast<std::size_t>(guard::statement_time)].fetch_add(1, std::memory_order_relaxed);
  kill_route route(nullptr, clusters_);
  admin::execution_context context{sessions_, route, settings_.kill_timeout};
  context.kills = &kills_;
  context.trail = &trail_;
  const auto why = stop_request(guard::statement_time);
  const auto done = co_await admin::execute(
      admin::kill_query{.id = {target->cs_id(), admin::id_form::cs_id}, .how = {.reason = why.detail}},
      admin::proxy_itself(admin::command_face::guard, std::string(to_text(guard::statement_time))), context);
  log_event(log_level::info, "guard_kill",
            {{"guard", to_text(guard::statement_time)}, {"cs_id", target->cs_id()}, {"outcome", summarize(done)}});
  const auto* failed = std::get_if<admin::failure>(&done);
  if (failed != nullptr && failed->kind != admin::failure_kind::unknown_id) target->stop(why, {});
}

session::stop_request stop_request(guard which) {
  switch (which) {
    case guard::statement_time:
      return {stop_reason::max_statement_time, "its statement ran for longer than max-statement-time"};
    case guard::idle_in_transaction:
      return {stop_reason::idle_in_transaction_timeout,
              "it was idle in a transaction for longer than idle-in-transaction-timeout"};
    case guard::transaction_time:
      return {stop_reason::max_transaction_time, "its transaction was open for longer than max-transaction-time"};
    case guard::session_age:
      return {stop_reason::max_session_age, "it was older than max-session-age"};
    case guard::idle:
      break;
  }
  return {stop_reason::idle_timeout, "it was idle for longer than idle-timeout"};
}

}  // namespace sessiongate::proxy
