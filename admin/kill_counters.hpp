// How often kills were asked for, and how they ended. Any thread; counted in execute(), for SQL and HTTP alike.
#pragma once

#include "admin/result.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace sessiongate::admin {

inline constexpr std::array<std::string_view, 7> kill_outcome_names{
    "killed", "killed_self", "query_interrupted", "already_idle", "not_interrupted", "refused", "failed"};

class kill_counters {
 public:
  void count(const result& outcome) { counts_[place_of(outcome)].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value(std::size_t place) const { return counts_[place].load(std::memory_order_relaxed); }

 private:
  static std::size_t place_of(const result& outcome) {
    if (const auto* done = std::get_if<kill_outcome>(&outcome)) {
      const bool told =
          done->interrupt == interrupt_status::not_needed || done->interrupt == interrupt_status::interrupted;
      return told ? static_cast<std::size_t>(done->status) : 4;
    }
    const auto* failed = std::get_if<failure>(&outcome);
    const bool by_proxy =
        failed != nullptr && failed->kind != failure_kind::backend && failed->kind != failure_kind::timeout;
    return by_proxy ? 5 : 6;
  }

  std::array<std::atomic<std::uint64_t>, kill_outcome_names.size()> counts_{};
};

}  // namespace sessiongate::admin
