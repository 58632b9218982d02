// Wakes one thread that sleeps in an epoll, from any other: an eventfd, which is written only when that thread sleeps.
#pragma once

#include <atomic>
#include <cstdint>

namespace sessiongate::proxy {

class doorbell {
 public:
  doorbell();
  ~doorbell();
  doorbell(const doorbell&) = delete;
  doorbell& operator=(const doorbell&) = delete;

  /// To be watched edge-triggered and never read: each ring at a sleeper is an edge.
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Any thread. What was done before it is there for who answers.
  void ring() {
    if (state_.exchange(state::rung, std::memory_order_acq_rel) == state::asleep) wake_sleeper();
  }

  // The thread itself.
  [[nodiscard]] bool has_rung() const { return state_.load(std::memory_order_relaxed) == state::rung; }
  /// From now on ring() wakes. False, and not so, when it has rung already.
  [[nodiscard]] bool fall_asleep() {
    auto expected = state::awake;
    return state_.compare_exchange_strong(expected, state::asleep, std::memory_order_acq_rel);
  }
  /// Awake again: whether it has rung since the last answer.
  [[nodiscard]] bool answer() { return state_.exchange(state::awake, std::memory_order_acq_rel) == state::rung; }

 private:
  enum class state : std::uint8_t { awake, asleep, rung };

  void wake_sleeper() const;

  int descriptor_;
  std::atomic<state> state_{state::awake};
};

}  // namespace sessiongate::proxy
