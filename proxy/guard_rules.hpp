// Limits that sessions are held to by guards (session_guard.hpp), and the rules that give some sessions limits of their
// own. Plain values, no thread.
#pragma once

#include "session/client_session.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::proxy {

/// What a guard watches. Their names are those of the settings.
enum class guard : std::uint8_t { statement_time, idle_in_transaction, transaction_time, session_age, idle };
inline constexpr std::array<std::string_view, 5> guard_names{"max-statement-time", "idle-in-transaction-timeout",
                                                             "max-transaction-time", "max-session-age", "idle-timeout"};
inline constexpr std::uint8_t guard_count = guard_names.size();
std::string_view to_text(guard which);

/// By guard; zero: no limit.
class guard_limits {
 public:
  std::chrono::milliseconds& operator[](guard which) { return limits_[static_cast<std::size_t>(which)]; }
  std::chrono::milliseconds operator[](guard which) const { return limits_[static_cast<std::size_t>(which)]; }
  [[nodiscard]] bool has(guard which) const { return (*this)[which].count() > 0; }
  bool operator==(const guard_limits&) const = default;

 private:
  std::array<std::chrono::milliseconds, guard_count> limits_{};
};

/// Limits of the sessions that it matches, in place of those for all.
struct guard_rule {
  std::optional<std::string> user{};  // patterns as in LIKE; none: any
  std::optional<std::string> tenant{};
  std::optional<std::string> cluster{};
  std::array<std::optional<std::chrono::milliseconds>, guard_count> limits{};  // none: as for all

  [[nodiscard]] bool matches(const session::identity& who) const;
  bool operator==(const guard_rule&) const = default;
};
using guard_rules = std::vector<guard_rule>;

inline constexpr std::size_t guard_rules_max = 1000;

/// A JSON list of objects: `[{"user": "report%", "max_statement_time": "30s"}]`; empty text: none. Otherwise what is
/// wrong with it.
std::variant<guard_rules, std::string> parse_guard_rules(std::string_view text);
/// What parse_guard_rules() reads as the same rules.
std::string to_text(const guard_rules& rules);

/// Those of the first rule that matches, and where it has none those for all.
guard_limits limits_of(const session::identity& who, const guard_limits& for_all, const guard_rules& rules);

}  // namespace sessiongate::proxy
