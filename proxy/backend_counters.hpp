// What is counted of one backend, by all workers together: logins and errors are rare enough for numbers that they
// share. Any thread.
#pragma once

#include "proxy/duration_histogram.hpp"

#include "session/ticks.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

namespace sessiongate::proxy {

class backend_counters {
 public:
  /// The backend has greeted, so long after it was dialled for a session.
  void count_connect(session::ticks took) {
    const std::lock_guard lock(timing_);
    connect_time_.add(took);
    last_connect_.store(took, std::memory_order_relaxed);
  }
  void count_connection() { connections_.fetch_add(1, std::memory_order_relaxed); }
  void count_failure() { failures_.fetch_add(1, std::memory_order_relaxed); }
  /// An error packet: to a command or to a login.
  void count_error() { errors_.fetch_add(1, std::memory_order_relaxed); }
  void count_login() { logins_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t connections() const { return connections_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t logins() const { return logins_.load(std::memory_order_relaxed); }
  [[nodiscard]] const duration_histogram& connect_time() const { return connect_time_; }
  /// Zero: there was none yet.
  [[nodiscard]] session::ticks last_connect() const { return last_connect_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::atomic<std::uint64_t> logins_{0};
  std::atomic<session::ticks> last_connect_{0};
  std::mutex timing_;  // of those who count
  duration_histogram connect_time_;
};

}  // namespace sessiongate::proxy
