#include "admin/drain.hpp"

#include "admin/gentle_kill.hpp"
#include "admin/kill.hpp"
#include "admin/kill_counters.hpp"
#include "admin/lanes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

/// Its targets are told that it is a drain, as they are when the proxy stops: their drivers connect anew, elsewhere.
session::stop_request stop_of(const drain_report& of) {
  auto detail = "drain " + std::to_string(of.number) + " by " + to_text(of.by);
  if (!of.how.reason.empty()) detail += ": " + of.how.reason;
  return {session::stop_reason::drained_by_command, std::move(detail)};
}

}  // namespace

drain::drain(drain_report begun, const asio::any_io_executor& home, execution_context& with)
    : with_(with), home_(home), timer_(home), state_(std::move(begun)) {}

void drain::start(const std::vector<session::client_session_ptr>& targets, std::chrono::milliseconds limit) {
  targets_.reserve(targets.size());
  for (const auto& each : targets) add(each);
  state_.total = state_.waiting = targets_.size();
  if (targets_.empty()) state_.state = drain_state::done;
  for (std::size_t at = 0; at < targets_.size(); ++at) mark(at);
  if (!targets_.empty()) set_timer(limit);
}

void drain::add(session::client_session_ptr session) {
  auto begun = begin_record(command_kind::drain, state_.by, *session, state_.how.reason);
  auto found = begin_outcome(*session, kill_status::killed);
  targets_.push_back({std::move(session), session::next_stop_mark(), std::move(begun), std::move(found)});
}

void drain::mark(std::size_t index) {
  const auto after = state_.how.when == kill_moment::after_statement ? session::resting_point::statement
                                                                     : session::resting_point::transaction;
  // A copy: when the target ends on another thread meanwhile, its place here is emptied.
  const auto [session, number] = [&] {
    const std::lock_guard lock(mutex_);
    return std::pair(targets_[index].session, targets_[index].mark);
  }();
  session->stop_gently(
      {.after = after, .why = stop_of(state_), .leaves_backend = state_.of_backend, .mark = number},
      [self = shared_from_this(), index](const session::stop_report& report) { self->on_report(index, report); });
}

/// On the target's worker.
void drain::on_report(std::size_t index, const session::stop_report& report) {
  std::optional<kill_record> over;
  bool by_drain = false;
  {
    const std::lock_guard lock(mutex_);
    auto& target = targets_[index];
    if (target.now != phase::waiting) return;  // a kill is at it, which will tell
    if (report.found && report.end == session::stop_end::withdrawn) return close(target, &drain_report::released);
    auto outcome = conclude_gentle(target.found, state_.how.when, report);
    outcome.waited = outcome.elapsed = elapsed();
    by_drain = outcome.status == kill_status::killed;
    if (by_drain && state_.of_backend) outcome.obstacle = report.obstacle;
    over = conclude(std::move(target.begun), outcome);
    target.now = phase::over;
  }
  record(std::move(*over));
  const std::lock_guard lock(mutex_);
  close(targets_[index], by_drain ? &drain_report::ended : &drain_report::ended_otherwise);
}

/// Before it is counted: when a drain is done, what became of each session can be read.
void drain::record(kill_record over) const {
  if (with_.kills != nullptr) with_.kills->count(over.end);
  if (with_.trail != nullptr) with_.trail->add(std::move(over));
}

void drain::close(target& which, std::size_t drain_report::* counted) {
  which.now = phase::over;
  which.session.reset();
  ++(state_.*counted);
  if (--state_.waiting > 0) return;
  state_.elapsed = elapsed();
  if (state_.state == drain_state::running) state_.state = drain_state::done;
  asio::post(home_, [self = shared_from_this()] { self->timer_.cancel(); });
}

void drain::set_timer(std::chrono::milliseconds limit) {
  asio::post(home_, [self = shared_from_this(), limit] {
    if (self->report().state != drain_state::running) return;
    self->timer_.expires_after(limit);
    self->timer_.async_wait([self](const boost::system::error_code& ec) {
      if (ec) return;
      asio::co_spawn(self->home_, self->kill_rest(), asio::detached);
    });
  });
}

/// From now on the target's mark does not tell what becomes of it.
session::client_session_ptr drain::take_waiting(std::size_t index) {
  const std::lock_guard lock(mutex_);
  auto& target = targets_[index];
  if (state_.state != drain_state::running || target.now != phase::waiting) return nullptr;
  target.now = phase::being_killed;
  return target.session;
}

awaitable<void> drain::kill_rest() {
  const auto self = shared_from_this();
  co_await run_in_lanes(targets_.size(), with_.kills_at_once, [this](std::size_t at) { return kill_one(at); });
}

awaitable<void> drain::kill_one(std::size_t index) {
  auto session = take_waiting(index);
  if (!session) co_return;
  const auto done = co_await kill_now(std::move(session), state_.how, state_.by, with_);
  on_killed(index, done);
}

void drain::on_killed(std::size_t index, const result& done) {
  auto ended = done;
  const auto* failed = std::get_if<failure>(&done);
  const bool was_gone = failed != nullptr && failed->kind == failure_kind::unknown_id;
  std::optional<kill_record> over;
  {
    const std::lock_guard lock(mutex_);
    auto& target = targets_[index];
    auto outcome = failed == nullptr ? std::get<kill_outcome>(done) : target.found;
    outcome.ending = kill_ending::at_timeout;
    outcome.waited = elapsed() - outcome.elapsed;
    outcome.elapsed = elapsed();
    if (was_gone) outcome.status = kill_status::ended_otherwise;
    if (failed == nullptr || was_gone) ended = std::move(outcome);
    over = conclude(std::move(target.begun), ended);
  }
  record(std::move(*over));
  const std::lock_guard lock(mutex_);
  close(targets_[index], was_gone ? &drain_report::ended_otherwise : &drain_report::killed);
}

void drain::cancel() {
  std::vector<std::pair<session::client_session_ptr, session::stop_mark>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (state_.state != drain_state::running) return;
    state_.state = drain_state::cancelled;
    for (const auto& each : targets_) {
      if (each.now == phase::waiting) waiting.emplace_back(each.session, each.mark);
    }
  }
  for (const auto& [session, mark] : waiting) session->withdraw_stop(mark);
  asio::post(home_, [self = shared_from_this()] { self->timer_.cancel(); });
}

std::chrono::microseconds drain::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - since_);
}

drain_report drain::report() const {
  const std::lock_guard lock(mutex_);
  auto now = state_;
  if (now.waiting > 0) now.elapsed = elapsed();
  return now;
}

}  // namespace sessiongate::admin
