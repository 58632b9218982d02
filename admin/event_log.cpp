#include "admin/event_log.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace {

/// For readers, where none are kept for later.
constexpr std::size_t live_limit = 1024;

/// Ids go on counting up over a restart, and one of an earlier run is known for that: they begin at the time of day in
/// microseconds, which events cannot overtake, and which JavaScript's numbers keep.
std::uint64_t make_first_id() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

std::string_view to_text(event_type type) {
  switch (type) {
    case event_type::session_opened:
      return "session_opened";
    case event_type::session_closed:
      return "session_closed";
    case event_type::statement_slow:
      return "statement_slow";
    case event_type::kill:
      return "kill";
    case event_type::backend_state:
      break;
  }
  return "backend_state";
}

event_log::event_log(std::size_t limit)
    : keeps_(limit != 0), limit_(keeps_ ? limit : live_limit), first_id_(make_first_id()), last_id_(first_id_ - 1) {}

void event_log::publish(event happened) {
  if (!wanted()) return;
  published_[static_cast<std::size_t>(happened.type)].fetch_add(1, std::memory_order_relaxed);
  const auto added = std::make_shared<event>(std::move(happened));
  entry oldest;  // dies after the lock is gone
  {
    const std::lock_guard lock(mutex_);
    added->id = ++last_id_;
    if (kept_.size() == limit_) {
      oldest = std::move(kept_.front());
      kept_.pop_front();
    }
    kept_.push_back(added);
  }
  if (armed_.load() && armed_.exchange(false)) wake_();
}

std::vector<event_log::entry> event_log::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

void event_log::join() {
  readers_.fetch_add(1, std::memory_order_relaxed);
}

void event_log::leave() {
  std::deque<entry> dropped;
  const std::lock_guard lock(mutex_);
  if (readers_.fetch_sub(1, std::memory_order_relaxed) == 1 && !keeps_) dropped.swap(kept_);
}

event_log::start event_log::begin_after(std::optional<std::uint64_t> asked) const {
  const std::lock_guard lock(mutex_);
  if (!asked) return {.after = last_id_};
  const auto before = oldest() - 1;
  if (*asked == 0) return {.after = before};
  if (*asked >= before && *asked <= last_id_) return {.after = *asked};
  start found{.after = before, .gap = true};
  if (*asked >= first_id_ && *asked < before) found.missed = before - *asked;
  return found;
}

std::optional<std::vector<event_log::entry>> event_log::read_after(std::uint64_t after, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  if (after + 1 < oldest()) return std::nullopt;
  const auto from = after + 1 - oldest();
  const auto count = from < kept_.size() ? std::min<std::size_t>(max, kept_.size() - from) : 0;
  const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(from, kept_.size()));
  return std::vector<entry>(begin, begin + static_cast<std::ptrdiff_t>(count));
}

}  // namespace sessiongate::admin
