#include "admin/kill_log.hpp"

#include <optional>
#include <utility>

namespace sessiongate::admin {

kill_record begin_record(const command& what, const principal& who, const session::registry& sessions) {
  kill_record begun;
  begun.at = std::chrono::system_clock::now();
  begun.by = who;
  begun.verb = kind_of(what);
  begun.id = target_of(what);
  if (!begun.id) return begun;
  const auto found = find_sessions(*begun.id, sessions);
  const bool is_known =
      found.size() == 1 && found.front()->state() != session::client_session_state::init;  // then its name is a claim
  if (is_known) begun.identity = found.front()->who();
  return begun;
}

kill_record conclude(kill_record begun, const result& done) {
  begun.end = end_of(done);
  if (const auto* outcome = std::get_if<kill_outcome>(&done)) {
    begun.target = *outcome;
  } else if (const auto* failed = std::get_if<failure>(&done)) {
    begun.message = failed->message;
    if (failed->target) begun.target = *failed->target;
  }
  return begun;
}

void kill_log::add(kill_record done) {
  std::optional<kill_record> oldest;  // dies after the lock is gone
  const std::lock_guard lock(mutex_);
  done.number = ++last_number_;
  if (limit_ == 0) return;
  if (kept_.size() == limit_) {
    oldest = std::move(kept_.front());
    kept_.pop_front();
    const auto target = targets_.find(oldest->target.cs_id);
    if (--target->second == 0) targets_.erase(target);
  }
  ++targets_[done.target.cs_id];
  kept_.push_back(std::move(done));
}

bool kill_log::holds(std::uint32_t cs_id) const {
  const std::lock_guard lock(mutex_);
  return targets_.contains(cs_id);
}

std::vector<kill_record> kill_log::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

}  // namespace sessiongate::admin
