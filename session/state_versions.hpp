// How often each part of a session's state has changed: the five counters that SHOW PROXYSESSION ATTRIBUTE shows, on
// the client session (what it has) and on each of its server sessions (what that one was last brought to). Written by
// the session's worker alone, read by every thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sessiongate::session {

enum class state_part : std::uint8_t {
  hot_system_variables,  // autocommit: what changes often, as the original sorts them
  system_variables,      // all others
  user_variables,
  last_insert_id,
  database,
};

class state_versions {
 public:
  [[nodiscard]] std::uint64_t of(state_part part) const { return at(part).load(std::memory_order_relaxed); }

  // The worker only.
  void count(state_part part) { at(part).store(of(part) + 1, std::memory_order_relaxed); }
  /// The original sets the database's counter to zero when the database has been dropped.
  void reset(state_part part) { at(part).store(0, std::memory_order_relaxed); }
  void bring_to(const state_versions& other) {
    for (std::size_t each = 0; each < counts_.size(); ++each) {
      counts_[each].store(other.counts_[each].load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
  }

 private:
  [[nodiscard]] std::atomic<std::uint64_t>& at(state_part part) { return counts_[static_cast<std::size_t>(part)]; }
  [[nodiscard]] const std::atomic<std::uint64_t>& at(state_part part) const {
    return counts_[static_cast<std::size_t>(part)];
  }

  std::array<std::atomic<std::uint64_t>, 5> counts_{};
};

}  // namespace sessiongate::session
