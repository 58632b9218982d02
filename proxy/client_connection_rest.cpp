// The ends of a session that wait until it is at rest, and what it has to log in again.
#include "proxy/client_connection.hpp"

#include "proxy/last_words.hpp"
#include "proxy/log.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using session::stop_reason;

void client_connection::stop_gently(session::gentle_stop how, session::stop_handler done) {
  asio::post(home_.executor(), [self = shared_from_this(), how = std::move(how), done = std::move(done)]() mutable {
    const bool is_there = !self->ended() && (how.ss_id == 0 || (self->bound_ && self->bound_->ss_id() == how.ss_id));
    if (is_there) {
      self->mark({std::move(how), std::move(done)});
    } else if (done) {
      done({});
    }
  });
}

void client_connection::withdraw_stop(session::stop_mark mark) {
  asio::post(home_.executor(), [self = shared_from_this(), mark] {
    if (!self->marks_) return;
    const auto taken = self->marks_->take(mark);
    self->note_marks();
    if (taken) tell(*taken, {.found = true, .server_sessions = {}, .end = session::stop_end::withdrawn});
  });
}

void client_connection::drain() {
  mark({{.after = session::resting_point::transaction, .why = {stop_reason::drained, "the proxy is stopping"}}, {}});
}

void client_connection::mark(stop_marks::entry asked) {
  if (!marks_) marks_ = std::make_unique<stop_marks>();
  const auto why = asked.how.why;
  marks_->add(std::move(asked));
  note_marks();
  end_if_due();
  if (ended() || !marks_) return;
  log_event(log_level::debug, "end_waits",
            {{"cs_id", cs_id()}, {"reason", session::to_text(why.reason)}, {"detail", why.detail}});
}

/// From now on each command of a session with marks is looked at before it goes to the backend.
void client_connection::note_marks() {
  if (marks_ && marks_->empty()) marks_.reset();
  serving_ = marks_ || holding_ ? nullptr : bound_.get();
}

/// Nothing is on its way to either side.
bool client_connection::at_rest() const {
  const bool busy = answering_ || statement_running() || state() != session::client_session_state::active_reader;
  return !busy && !client_.write_progress();
}

/// The drain of its backend was taken back, and this mark was not, as that of a login that crossed the drain is not.
bool client_connection::is_withdrawn(const session::gentle_stop& how) const {
  return how.leaves_backend && (!server_ || !server_->drained());
}

void client_connection::end_marked() {
  if (ended() || !at_rest()) return;
  while (auto due = marks_->take_due(in_transaction())) {
    if (is_withdrawn(due->how)) {
      tell(*due, {.found = true, .server_sessions = {}, .end = session::stop_end::withdrawn});
    } else if (due->how.leaves_backend) {
      leave_drained_backend(due->how.why, std::move(due->done));
    } else if (due->how.ss_id == 0) {
      auto found = report();
      end_told(due->how.why);
      tell(*due, std::move(found));
    } else {
      end_server_session_now(due->how.why, std::move(due->done));
    }
    if (ended() || !marks_) return;
  }
  note_marks();
}

/// The session is at rest, as its drain wants it: it goes on elsewhere if it can.
void client_connection::leave_drained_backend(session::stop_request why, session::stop_handler done) {
  if (!bound_) {  // it has left already
    if (done) done({});
    return;
  }
  with_state_saved(
      [self = shared_from_this(), why = std::move(why), done = std::move(done)](session::recovery_obstacle obstacle) {
        auto found = self->report();
        found.obstacle = obstacle;
        if (obstacle != session::recovery_obstacle::none)
          self->end_drained(why, obstacle);
        else if (self->bound_)  // else another drain was first
          self->lose_server_session(why);
        if (done) done(std::move(found));
      });
}

/// It cannot go on elsewhere, and is told why not.
void client_connection::end_drained(session::stop_request why, session::recovery_obstacle obstacle) {
  const auto words = fmt::format("the server session cannot be rebuilt on another backend: {} ({})",
                                 session::explain(obstacle), session::to_text(obstacle));
  auto told = last_words(why, server_version());
  told.message.append(": ").append(words);
  why.detail.append("; ").append(words);
  tell_and_end(told, std::move(why));
}

/// Its backend may have been drained while the login was under way.
void client_connection::look_at_drain() {
  if (ended() || !server_ || !server_->drained()) return;
  mark({{.after = session::resting_point::transaction,
         .why = {stop_reason::drained_by_command, "its backend was drained during its login"},
         .leaves_backend = true},
        {}});
}

/// Servers just close the connection of an idle client that is killed, and some libraries connect anew by themselves
/// only when they find that.
void client_connection::end_told(session::stop_request why) {
  const bool is_idle = !statement_running() && !answering_;
  if (why.reason == stop_reason::killed && is_idle && !shared_.current.load()->tell_idle_clients)
    return end(std::move(why));
  const auto told = last_words(why, server_version());
  tell_and_end(told, std::move(why));
}

session::recovery_obstacle client_connection::obstacle_when_ended() const {
  using session::recovery_obstacle;
  const auto held = client_session::obstacle_when_ended();
  if (held != recovery_obstacle::none) return held;
  const auto found = login_credential();
  return found.known ? recovery_obstacle::none : found.obstacle;
}

session::recovery_obstacle client_connection::obstacle_when_lost() const {
  using session::recovery_obstacle;
  const auto held = client_session::obstacle_when_lost();
  const auto servers = server_sessions();
  if (held != recovery_obstacle::none || servers.empty()) return held;
  const auto* const at = shared_.clusters.backend_of(*servers.front());
  const auto since = logged_in_at_.load(std::memory_order_relaxed);
  const bool known = at != nullptr && !at->hides_changes(since) && at->globals_at(since).variables;
  return known ? recovery_obstacle::none : recovery_obstacle::hidden_changes;
}

/// Those who wait for the session's end learn that it has come otherwise.
void client_connection::tell_marks(std::vector<stop_marks::entry> asked, const session::stop_request& why) {
  for (const auto& each : asked) {
    tell(each, {.found = true, .server_sessions = {}, .end = session::stop_end::ended_otherwise, .ended_with = why});
  }
}

void client_connection::note_login(std::unique_ptr<login_evidence> told) {
  credential_.store(cluster().credentials().note_login(who()->user, std::move(told), server_));
}

credential_view client_connection::login_credential() const {
  const auto login = credential_.load();
  return login ? login->keeper().look(*login) : no_credential("its cluster has no credentials");
}

std::string client_connection::credentials() const {
  const auto login = credential_.load();
  return login ? to_text(login->keeper().look(*login)) : std::string();
}

void client_connection::note_refusal(const credential& used, const protocol::server_error& refusal) {
  if (const auto login = credential_.load()) login->keeper().note_refusal(*login, used, refusal);
}

}  // namespace sessiongate::proxy
