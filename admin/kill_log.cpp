#include "admin/kill_log.hpp"

#include <utility>

namespace sessiongate::admin {

namespace {

using std::chrono::system_clock;

std::string reason_of(const command& what) {
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (requires { each.how.reason; })
          return each.how.reason;
        else
          return {};
      },
      what);
}

void note_target(kill_record& begun, const session::client_session& target) {
  begun.target = begin_outcome(target, kill_status::killed);
  if (target.state() != session::client_session_state::init) begun.identity = target.who();  // before, it is a claim
  begun.host = target.client().text();
  begun.database = *target.database();
  const auto servers = target.server_sessions();
  if (servers.empty()) return;
  begun.backend = servers.front()->backend().text();
  begun.target.connection_id = servers.front()->connection_id();
}

kill_record cut_short(const kill_record& begun) {
  auto done = begun;
  done.end = kill_end::unfinished;
  done.message = "The kill was cut off: what came of it is not known";
  done.target.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now() - begun.at);
  return done;
}

}  // namespace

kill_record begin_record(const command& what, const principal& who, const session::registry& sessions) {
  kill_record begun;
  begun.at = system_clock::now();
  begun.by = who;
  begun.verb = kind_of(what);
  begun.id = target_of(what);
  begun.reason = reason_of(what);
  if (!begun.id) return begun;
  const auto found = find_sessions(*begun.id, sessions);
  if (found.size() == 1) note_target(begun, *found.front());
  return begun;
}

kill_record begin_record(command_kind verb, const principal& who, const session::client_session& target,
                         std::string reason) {
  kill_record begun;
  begun.at = system_clock::now();
  begun.by = who;
  begun.verb = verb;
  begun.id = session_id(target.cs_id());
  begun.reason = std::move(reason);
  note_target(begun, target);
  return begun;
}

kill_record conclude(kill_record begun, const result& done) {
  begun.end = end_of(done);
  const auto connection_id = begun.target.connection_id;
  if (const auto* outcome = std::get_if<kill_outcome>(&done)) {
    begun.target = *outcome;
  } else if (const auto* failed = std::get_if<failure>(&done)) {
    begun.message = failed->message;
    if (failed->target) begun.target = *failed->target;
  }
  if (begun.target.connection_id == 0) begun.target.connection_id = connection_id;
  return begun;
}

kill_log::entry kill_log::append(kill_record done) {
  done.number = ++last_number_;
  const auto added = std::make_shared<const kill_record>(std::move(done));
  if (told_) told_(added);
  if (limit_ == 0) return nullptr;
  entry oldest;
  if (kept_.size() == limit_) {
    oldest = std::move(kept_.front());
    kept_.pop_front();
    const auto target = targets_.find(oldest->target.cs_id);
    if (--target->second == 0) targets_.erase(target);
  }
  ++targets_[added->target.cs_id];
  kept_.push_back(added);
  return oldest;
}

void kill_log::add(kill_record done) {
  entry oldest;  // dies after the lock is gone
  const std::lock_guard lock(mutex_);
  oldest = append(std::move(done));
}

void kill_log::open(const entry& begun) {
  const std::lock_guard lock(mutex_);
  open_.insert(begun);
}

void kill_log::conclude(const entry& begun, kill_record done) {
  entry oldest;
  const std::lock_guard lock(mutex_);
  if (open_.erase(begun) != 0) oldest = append(std::move(done));
}

void kill_log::withdraw(const entry& begun) {
  const std::lock_guard lock(mutex_);
  open_.erase(begun);
}

void kill_log::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& each : open_) append(cut_short(*each));
  open_.clear();
}

bool kill_log::holds(std::uint32_t cs_id) const {
  const std::lock_guard lock(mutex_);
  return targets_.contains(cs_id);
}

std::size_t kill_log::under_way() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

std::vector<kill_log::entry> kill_log::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

open_kill::open_kill(kill_log& log, kill_record begun)
    : log_(log), begun_(std::make_shared<const kill_record>(std::move(begun))) {
  log_.open(begun_);
}

open_kill::~open_kill() {
  if (begun_) finish(cut_short(*begun_));
}

void open_kill::conclude(const result& done) {
  finish(admin::conclude(*begun_, done));
}

void open_kill::conclude(kill_end end, std::string message) {
  auto done = *begun_;
  done.end = end;
  done.message = std::move(message);
  finish(std::move(done));
}

void open_kill::withdraw() {
  log_.withdraw(std::exchange(begun_, nullptr));
}

void open_kill::finish(kill_record done) {
  log_.conclude(std::exchange(begun_, nullptr), std::move(done));
}

}  // namespace sessiongate::admin
