#include "session/closed_sessions.hpp"

#include <optional>
#include <utility>

namespace sessiongate::session {

void closed_sessions::add(closed_session gone) {
  if (limit_ == 0) return;
  std::optional<closed_session> oldest;  // dies after the lock is gone
  const std::lock_guard lock(mutex_);
  if (kept_.size() == limit_) {
    oldest = std::move(kept_.front());
    kept_.pop_front();
  }
  kept_.push_back(std::move(gone));
}

std::vector<closed_session> closed_sessions::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

}  // namespace sessiongate::session
