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
    forget(by_cs_id_, oldest->ids.cs_id);
    forget(by_connection_id_, oldest->connection_id);
    ++first_;
  }
  by_cs_id_[gone.ids.cs_id] = first_ + kept_.size();
  if (gone.connection_id != 0) by_connection_id_[gone.connection_id] = first_ + kept_.size();
  kept_.push_back(std::move(gone));
}

std::vector<closed_session> closed_sessions::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

bool closed_sessions::holds(std::uint32_t cs_id) const {
  const std::lock_guard lock(mutex_);
  return by_cs_id_.contains(cs_id);
}

std::optional<closed_session> closed_sessions::find_by_cs_id(std::uint32_t cs_id) const {
  return find(by_cs_id_, cs_id);
}

std::optional<closed_session> closed_sessions::find_by_connection_id(std::uint32_t connection_id) const {
  return find(by_connection_id_, connection_id);
}

std::optional<closed_session> closed_sessions::find(const places& by_id, std::uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const auto at = by_id.find(id);
  return at == by_id.end() ? std::nullopt : std::optional(kept_[at->second - first_]);
}

/// The first one that is kept goes; a later one may have had the same id.
void closed_sessions::forget(places& by_id, std::uint32_t id) const {
  const auto at = by_id.find(id);
  if (at != by_id.end() && at->second == first_) by_id.erase(at);
}

}  // namespace sessiongate::session
