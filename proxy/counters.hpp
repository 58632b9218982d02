// What a worker counts. Written by the worker alone, with plain loads and stores; summed by the metrics page on another
// thread, so each number is atomic and relaxed.
#pragma once

#include "session/stop_reason.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace sessiongate::proxy {

class counter {
 public:
  void add(std::uint64_t amount) { value_.store(value() + amount, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct counters {
  counter accepted;
  counter logins;
  counter commands;
  counter bytes_from_clients;
  counter bytes_from_backends;
  counter admin_commands;
  std::array<counter, session::stop_reason_count> stops;  // by reason
};

}  // namespace sessiongate::proxy
