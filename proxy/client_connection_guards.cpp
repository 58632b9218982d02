// The worker's looks at a session: is its client silent, has it stalled, is it beyond a limit.
#include "proxy/client_connection.hpp"

#include "admin/gentle_kill.hpp"

#include <tuple>

namespace sessiongate::proxy {

using session::stop_reason;

void client_connection::look_at_clock(worker::clock::time_point now) {
  if (state() != session::client_session_state::active_reader) return;  // a login has a limit of its own
  // Nobody reads from it meanwhile, and an answer may take long: a kill waits for as long as it is told to.
  const bool is_served = answering_ || (proxysys_ && statement_running());
  if (is_served && client_.peer_has_closed()) return end({stop_reason::client_gone, "closed before its answer"});
  const auto unwritten = client_.write_progress();
  if (!unwritten) {
    stalled_.forget();
  } else if (const auto limit = shared_.settings.write_timeout;
             limit.count() > 0 && stalled_.look(*unwritten, now) >= limit) {
    return end({stop_reason::client_stalled, "it took nothing of what was sent to it for write-timeout"});
  }
  refresh_guard();
  if (!guard_) return;
  if (const auto beyond = guard_->look(describe(unwritten.has_value()), now)) act_on(*beyond, now);
}

/// Settings change while the proxy runs, and who a session is by COM_CHANGE_USER.
void client_connection::refresh_guard() {
  const auto version = shared_.settings_version.load(std::memory_order_relaxed);
  const auto identity = who();
  if (version == settings_seen_ && identity == identity_seen_) return;
  settings_seen_ = version;
  identity_seen_ = identity;
  const auto current = shared_.current.load();
  const auto limits = limits_of(*identity, limits_for_all(*current), current->guards);
  if (limits == guard_limits()) return guard_.reset();
  if (!guard_) guard_ = std::make_unique<session_guard>();
  guard_->hold_to(limits);
}

session_look client_connection::describe(bool writes) const {
  const auto& doing = activity();
  const auto* counted = doing.statistics();
  const auto transaction = doing.transaction_since();
  session_look seen;
  seen.running = statement_running() && !proxysys_;
  seen.busy = writes || answering_ || statement_running();
  seen.in_transaction = in_transaction() && transaction != 0;
  seen.streams = protocol::is_replication_stream(doing.command());
  seen.proxysys = proxysys_;
  seen.commands = own_commands_ + (bound_ ? bound_->request_count() : 0);
  if (counted != nullptr) {
    for (const auto& each : counted->responses) seen.responses += each.value();
  }
  seen.since_command = session::elapsed_since(doing.since());
  if (transaction != 0) seen.since_transaction = session::elapsed_since(transaction);
  seen.age = clock::now() - accepted_at();
  return seen;
}

void client_connection::act_on(guard which, worker::clock::time_point now) {
  switch (which) {
    case guard::statement_time:
      if (!shared_.guards.can_interrupt(*bound_)) return end_by_guard(which);
      guard_->acted(now);
      return shared_.guards.interrupt(shared_from_this(), bound_->request_count());
    case guard::session_age:
      return end_by_age(now);
    case guard::idle_in_transaction:
    case guard::transaction_time:
    case guard::idle:
      return end_by_guard(which);
  }
}

admin::kill_record client_connection::begin_guard_record(guard which) const {
  return admin::begin_record(admin::command_kind::kill_session,
                             admin::proxy_itself(admin::command_face::guard, std::string(to_text(which))), *this,
                             stop_request(which).detail);
}

void client_connection::end_by_guard(guard which) {
  auto begun = begin_guard_record(which);
  auto outcome = admin::begin_outcome(*this, admin::kill_status::killed);
  auto left = report();
  if (bound_) outcome.connection_id = bound_->connection_id();
  end_told(stop_request(which));
  shared_.guards.finish(which, std::move(begun), std::move(outcome), std::move(left));
}

/// Behind its transaction, and at most gentle-kill-timeout later.
void client_connection::end_by_age(worker::clock::time_point now) {
  if (!guard_->too_old) {
    session::gentle_stop how{.after = session::resting_point::transaction, .why = stop_request(guard::session_age)};
    guard_->too_old = {how.mark, now};
    auto done = [this, now, begun = begin_guard_record(guard::session_age),
                 outcome =
                     admin::begin_outcome(*this, admin::kill_status::killed)](const session::stop_report& report) {
      auto ended = admin::conclude_gentle(outcome, admin::kill_moment::after_transaction, report);
      ended.waited = ended.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(worker::clock::now() - now);
      shared_.guards.conclude(guard::session_age, begun, ended);
    };
    return mark({std::move(how), std::move(done)});
  }
  const auto limit = shared_.settings.gentle_kill_timeout;
  if (limit.count() == 0 || now - guard_->too_old->since < limit) return;
  if (marks_) std::ignore = marks_->take(guard_->too_old->mark);
  end_by_guard(guard::session_age);
}

}  // namespace sessiongate::proxy
