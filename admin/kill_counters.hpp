// How often kills were asked for, and how they ended. Any thread; counted in execute(), for SQL and HTTP alike.
#pragma once

#include "admin/kill_outcome.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sessiongate::admin {

class kill_counters {
 public:
  void count(kill_end end) { counts_[static_cast<std::size_t>(end)].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value(kill_end end) const {
    return counts_[static_cast<std::size_t>(end)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kill_end_count> counts_{};
};

}  // namespace sessiongate::admin
