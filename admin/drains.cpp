#include "admin/drains.hpp"

#include "admin/drain.hpp"
#include "admin/gentle_kill.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

std::string_view to_text(drain_state state) {
  switch (state) {
    case drain_state::running:
      return "running";
    case drain_state::done:
      return "done";
    case drain_state::cancelled:
      break;
  }
  return "cancelled";
}

/// The oldest that is over goes. False: none is.
bool drains::make_room() {
  if (kept_.size() < limit_) return true;
  const auto over = std::ranges::find_if(kept_, [](const auto& each) { return each->report().waiting == 0; });
  if (over == kept_.end()) return false;
  kept_.erase(over);
  return true;
}

std::optional<drain_report> drains::begin(std::string what, kill_manner how, principal who,
                                          const std::vector<session::client_session_ptr>& targets, bool of_backend) {
  const auto limit = gentle_limit(how, with_);
  who.face = command_face::drain;
  drain_report state{.at = std::chrono::system_clock::now(),
                     .by = std::move(who),
                     .what = std::move(what),
                     .of_backend = of_backend,
                     .how = std::move(how)};
  {
    const std::lock_guard lock(mutex_);
    if (!make_room()) return std::nullopt;
    state.number = ++last_number_;
  }
  const auto begun = std::make_shared<drain>(std::move(state), home_, with_);
  begun->start(targets, limit);
  const std::lock_guard lock(mutex_);  // nobody cancels what is only half begun
  kept_.push_back(begun);
  return begun->report();
}

std::optional<drain_report> drains::cancel(std::uint64_t number) {
  std::shared_ptr<drain> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : kept_) {
      if (each->report().number == number) found = each;
    }
  }
  if (!found) return std::nullopt;
  found->cancel();
  return found->report();
}

std::vector<drain_report> drains::list() const {
  const auto kept = [this] {
    const std::lock_guard lock(mutex_);
    return std::vector<std::shared_ptr<drain>>(kept_.rbegin(), kept_.rend());
  }();
  std::vector<drain_report> all;
  all.reserve(kept.size());
  for (const auto& each : kept) all.push_back(each->report());
  return all;
}

}  // namespace sessiongate::admin
