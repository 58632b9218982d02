#include "admin/kill_outcome.hpp"

#include "admin/statement_mask.hpp"
#include "session/client_session.hpp"

namespace sessiongate::admin {

std::string_view to_text(kill_status status) {
  switch (status) {
    case kill_status::killed:
      return "killed";
    case kill_status::killed_self:
      return "killed_self";
    case kill_status::query_interrupted:
      return "query_interrupted";
    case kill_status::already_idle:
      return "already_idle";
    case kill_status::ended_otherwise:
      return "ended_otherwise";
  }
  return "unknown";
}

std::string_view to_text(kill_ending ending) {
  switch (ending) {
    case kill_ending::at_once:
      return "at_once";
    case kill_ending::after_statement:
      return "after_statement";
    case kill_ending::after_transaction:
      return "after_transaction";
    case kill_ending::at_timeout:
      break;
  }
  return "at_timeout";
}

std::string_view to_text(interrupt_status status) {
  switch (status) {
    case interrupt_status::not_needed:
      return "not_needed";
    case interrupt_status::interrupted:
      return "interrupted";
    case interrupt_status::no_route:
      return "no_route";
    case interrupt_status::backend_refused:
      return "backend_refused";
    case interrupt_status::backend_unreachable:
      return "backend_unreachable";
    case interrupt_status::timeout:
      return "timeout";
  }
  return "unknown";
}

std::string_view to_text(kill_end end) {
  switch (end) {
    case kill_end::killed:
      return "killed";
    case kill_end::killed_self:
      return "killed_self";
    case kill_end::query_interrupted:
      return "query_interrupted";
    case kill_end::already_idle:
      return "already_idle";
    case kill_end::ended_otherwise:
      return "ended_otherwise";
    case kill_end::not_found:
      return "not_found";
    case kill_end::not_owner:
      return "not_owner";
    case kill_end::ambiguous:
      return "ambiguous";
    case kill_end::forbidden:
      return "forbidden";
    case kill_end::no_route:
      return "no_route";
    case kill_end::backend_refused:
      return "backend_refused";
    case kill_end::backend_unreachable:
      return "backend_unreachable";
    case kill_end::timeout:
      return "timeout";
    case kill_end::refused:
      return "refused";
    case kill_end::no_longer_matches:
      return "no_longer_matches";
    case kill_end::unfinished:
      break;
  }
  return "unfinished";
}

kill_outcome begin_outcome(const session::client_session& target, kill_status status) {
  kill_outcome outcome;
  outcome.status = status;
  outcome.cs_id = target.cs_id();
  outcome.proxy_sessid = target.proxy_sessid();
  outcome.user = target.who()->user;
  outcome.was_running = target.statement_running();
  outcome.was_in_transaction = target.in_transaction();
  if (!outcome.was_running) return outcome;
  const auto& activity = target.activity();
  if (const auto text = activity.statement(target.cs_id())) outcome.statement = mask_literals(text->text);
  outcome.ran = std::chrono::duration_cast<std::chrono::microseconds>(session::elapsed_since(activity.since()));
  return outcome;
}

kill_end end_of(const kill_outcome& what) {
  switch (what.interrupt) {
    case interrupt_status::not_needed:
    case interrupt_status::interrupted:
      break;
    case interrupt_status::no_route:
      return kill_end::no_route;
    case interrupt_status::backend_refused:
      return kill_end::backend_refused;
    case interrupt_status::backend_unreachable:
      return kill_end::backend_unreachable;
    case interrupt_status::timeout:
      return kill_end::timeout;
  }
  switch (what.status) {
    case kill_status::killed:
      return kill_end::killed;
    case kill_status::killed_self:
      return kill_end::killed_self;
    case kill_status::query_interrupted:
      return kill_end::query_interrupted;
    case kill_status::ended_otherwise:
      return kill_end::ended_otherwise;
    case kill_status::already_idle:
      break;
  }
  return kill_end::already_idle;
}

std::optional<bool> is_recoverable(const kill_outcome& what) {
  if (!what.obstacle) return std::nullopt;
  return *what.obstacle == session::recovery_obstacle::none;
}

std::string_view obstacle_word(const kill_outcome& what) {
  return is_recoverable(what).value_or(true) ? std::string_view() : to_text(*what.obstacle);
}

}  // namespace sessiongate::admin
