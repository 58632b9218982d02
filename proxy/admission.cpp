#include "proxy/admission.hpp"

namespace sessiongate::proxy {

std::optional<connection_limit::place> connection_limit::enter() {
  const auto now = taken_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (max_ == 0 || now <= max_) return place(this, false);
  if (now <= max_ + reserve_) return place(this, true);
  taken_.fetch_sub(1, std::memory_order_relaxed);
  return std::nullopt;
}

std::optional<name_limit::place> name_limit::enter(const std::string& name) {
  if (max_ == 0) return place();
  const std::lock_guard lock(mutex_);
  auto& count = counts_[name];  // max_ is not zero, so a name that is new here is let in
  if (count >= max_) return std::nullopt;
  ++count;
  return place(this, name);
}

bool name_limit::full(const std::string& name) const {
  if (max_ == 0) return false;
  const std::lock_guard lock(mutex_);
  const auto at = counts_.find(name);
  return at != counts_.end() && at->second >= max_;
}

void name_limit::leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto at = counts_.find(name);
  if (--at->second == 0) counts_.erase(at);
}

bool memory_budget::take(std::size_t size) {
  if (taken_.fetch_add(size, std::memory_order_relaxed) + size <= max_) return true;
  give_back(size);
  return false;
}

}  // namespace sessiongate::proxy
