// Who tries while something is away that many wait for: one for all of them, at growing intervals. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

namespace sessiongate::proxy {

class shared_pause {
 public:
  using clock = std::chrono::steady_clock;

  /// Whether the caller may try now. He says afterwards what came of it.
  [[nodiscard]] bool may_try(clock::time_point now) {
    auto until = until_.load(std::memory_order_relaxed);
    if (until == clock::time_point()) return true;  // it was there last
    return now >= until && until_.compare_exchange_strong(until, now + pause_.load(std::memory_order_relaxed));
  }
  void failed(clock::time_point now) {
    const auto next = std::clamp(2 * pause_.load(std::memory_order_relaxed), shortest, longest);
    pause_.store(next, std::memory_order_relaxed);
    until_.store(now + next, std::memory_order_relaxed);
  }
  void succeeded() {
    pause_.store(std::chrono::milliseconds(0), std::memory_order_relaxed);
    until_.store(clock::time_point(), std::memory_order_relaxed);
  }

 private:
  static constexpr std::chrono::milliseconds shortest{50};
  static constexpr std::chrono::milliseconds longest{1'000};

  std::atomic<clock::time_point> until_{clock::time_point()};  // none: everybody may
  std::atomic<std::chrono::milliseconds> pause_{std::chrono::milliseconds(0)};
};

}  // namespace sessiongate::proxy
