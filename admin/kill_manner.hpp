// How a kill is carried out, apart from whom it hits: when, and why. Every face reads the same into it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::admin {

enum class kill_moment : std::uint8_t {
  at_once,
  after_statement,    // when the statement that runs has ended
  after_transaction,  // when the transaction that is open has ended
};
std::string_view to_text(kill_moment when);  // at_once, statement, transaction: as it is given

/// Longest reason, in bytes; a longer one is refused.
inline constexpr std::size_t kill_reason_max = 256;
/// What a reason has to be, for error texts.
inline constexpr std::string_view kill_reason_rule = "one line of at most 256 bytes, without control characters";
/// Longest that a gentle kill may be told to wait.
inline constexpr std::chrono::hours kill_wait_max{24 * 366};

struct kill_manner {
  kill_moment when = kill_moment::at_once;
  std::optional<std::chrono::milliseconds> timeout{};  // of one that is not at once; none: as configured
  std::string reason{};                                // what the caller says it is for; one line of text

  bool operator==(const kill_manner&) const = default;
};

/// `statement` or `transaction`, in any case.
std::optional<kill_moment> parse_kill_moment(std::string_view text);
/// Seconds, with up to three decimals: `30`, `0.5`. Empty: it is none, or above kill_wait_max.
std::optional<std::chrono::milliseconds> parse_kill_timeout(std::string_view text);
/// Whether kill_reason_rule holds: a reason gets into lines of logs.
bool is_kill_reason(std::string_view text);
/// A timeout without a moment to wait for means nothing.
[[nodiscard]] inline bool is_consistent(const kill_manner& how) {
  return !how.timeout || how.when != kill_moment::at_once;
}

}  // namespace sessiongate::admin
