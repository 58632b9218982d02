// How long a thread is away from its sockets: the longest of its rounds, from what the kernel had ready to the next
// look. Who has something for the thread waits so long at worst, and as long again as the kernel takes to run it.
#pragma once

#include "session/ticks.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace sessiongate::proxy {

/// Written by the thread with plain stores, read by any.
class round_watch {
 public:
  static constexpr std::chrono::seconds window{5};

  void begin() { begun_ = session::now_ticks(); }
  void end() {
    const auto now = session::now_ticks();
    if (now - window_begun_ > window_ticks_) [[unlikely]]
      begin_window(now);
    const auto took = now - begun_;
    if (took > present_.load(std::memory_order_relaxed)) present_.store(took, std::memory_order_relaxed);
  }

  /// In the present window and the one before: in the last 5 to 10 seconds, while there is traffic.
  [[nodiscard]] std::chrono::nanoseconds longest() const {
    return session::to_duration(
        std::max(present_.load(std::memory_order_relaxed), before_.load(std::memory_order_relaxed)));
  }

 private:
  void begin_window(session::ticks now) {
    const bool lapsed = now - window_begun_ > 2 * window_ticks_;
    before_.store(lapsed ? 0 : present_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    present_.store(0, std::memory_order_relaxed);
    window_begun_ = now;
    const auto tick = std::chrono::duration<double, std::nano>(session::to_duration(ticks_measured)) / ticks_measured;
    window_ticks_ = static_cast<session::ticks>(window / tick);
  }

  static constexpr session::ticks ticks_measured = 1'000'000'000;

  session::ticks begun_ = 0;
  session::ticks window_begun_ = 0;
  session::ticks window_ticks_ = 0;
  std::atomic<session::ticks> present_{0};
  std::atomic<session::ticks> before_{0};
};

}  // namespace sessiongate::proxy
