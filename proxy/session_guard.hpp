// Watches one session for its limits. Asked by the session's worker now and then, never on the data path; acting is the
// connection's (client_connection_guards.cpp). No clock of its own: times are given.
#pragma once

#include "proxy/config.hpp"
#include "proxy/standstill.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace sessiongate::proxy {

/// What is to be known of a session at a look.
struct session_look {
  bool running = false;  // a statement, on the backend
  bool busy = false;     // a command of any kind, or its answer is on the way
  bool in_transaction = false;
  bool streams = false;                          // to a replica: that is no statement, and has no end
  bool proxysys = false;                         // root@proxysys: held to idle-timeout only
  std::uint64_t commands = 0;                    // that the session has given so far
  std::uint64_t responses = 0;                   // that have ended so far
  std::chrono::nanoseconds since_command{};      // since the last command was sent, or the session is idle
  std::chrono::nanoseconds since_transaction{};  // since the open one began
  std::chrono::nanoseconds age{};
};

class session_guard {
 public:
  using clock = standstill::clock;

  /// The limits from now on.
  void hold_to(const guard_limits& limits) { limits_ = limits; }
  [[nodiscard]] const guard_limits& limits() const { return limits_; }

  /// The guard that the session is beyond the limit of; the most urgent, where there are several.
  std::optional<guard> look(const session_look& seen, clock::time_point now);
  /// It was acted on: the same statement is not told again before its limit has passed once more.
  void acted(clock::time_point now) { statement_since_ = now; }

  /// The gentle stop of a session that is too old.
  struct age_stop {
    session::stop_mark mark = 0;
    clock::time_point since;
  };
  std::optional<age_stop> too_old;

 private:
  void follow_statement(const session_look& seen, clock::time_point now);
  [[nodiscard]] bool is_beyond(guard which, std::chrono::nanoseconds time) const {
    return limits_.has(which) && time >= limits_[which];
  }

  guard_limits limits_;
  standstill silence_;
  // The statement that runs. In a pipeline the time of the last command tells little: it began when the response before
  // it ended, as nearly as looks can tell.
  bool was_running_ = false;
  std::uint64_t commands_ = 0;
  std::uint64_t responses_ = 0;
  clock::time_point statement_since_{};
};

/// How often the sessions have to be looked at: ten times in the shortest of their limits. 0: they have none.
milliseconds look_interval(const config& settings);

/// The limits for all, as they are set.
guard_limits limits_for_all(const config& settings);

}  // namespace sessiongate::proxy
