// What a worker counts. Written by the worker alone, with plain loads and stores; summed by the metrics page on another
// thread, so each number is atomic and relaxed.
#pragma once

#include "proxy/duration_histogram.hpp"

#include "protocol/command.hpp"
#include "session/recovery_obstacle.hpp"
#include "session/stop_reason.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

class counter {
 public:
  void add(std::uint64_t amount) { value_.store(value() + amount, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Commands by what they cost: those that run statements, and all others.
enum class command_class : std::uint8_t { query, execute, prepare, other };
inline constexpr std::array<std::string_view, 4> command_class_names{"query", "execute", "prepare", "other"};

inline command_class class_of(protocol::command sent) {
  switch (sent) {
    case protocol::command::query:
      return command_class::query;
    case protocol::command::stmt_execute:
    case protocol::command::mariadb_stmt_bulk_execute:
      return command_class::execute;
    case protocol::command::stmt_prepare:
      return command_class::prepare;
    default:
      return command_class::other;
  }
}

struct counters {
  counter accepted;
  counter logins;
  counter commands;
  counter bytes_from_clients;
  counter bytes_from_backends;
  counter admin_commands;
  counter proxy_errors;                                                     // told to clients by the proxy itself
  std::array<duration_histogram, command_class_names.size()> command_time;  // sent to the end of the response
  duration_histogram login_time;                                            // accepted to logged in
  std::array<counter, session::stop_reason_count> stops;                    // by reason
  std::array<counter, session::recovery_obstacle_count> recoveries;  // none: it succeeded; else what was in the way
  duration_histogram recovery_time;                                  // of those that succeeded
};

}  // namespace sessiongate::proxy
