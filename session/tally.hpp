// A number that one thread counts up and every thread may read: a plain load and store, no locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace sessiongate::session {

class tally {
 public:
  void add(std::uint64_t amount) { value_.store(value() + amount, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace sessiongate::session
