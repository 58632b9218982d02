// The variables of one session as far as the proxy knows them: system variables that the server reported or a statement
// set, and user variables that a statement set. A snapshot: the session's worker makes a new one for each change, other
// threads read the present one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::session {

struct tracked_variable {
  enum class knowledge : std::uint8_t {
    known,
    too_long,  // above value_size_max: not kept
    unknown,   // set to something that only the server can evaluate
  };
  static constexpr std::size_t value_size_max = 128;  // bytes, as in the original's listing

  std::string name;   // user variables: without the @
  std::string value;  // system: as the server tells it; user: the literal as written. Empty unless known
  knowledge known = knowledge::known;
  bool changed = true;                                         // false: only reported at login
  std::uint32_t literal_rules = 0;                             // user: those of tracked_variables when it was set, or:
  static constexpr std::uint32_t not_repeatable = 0xFFFFFFFF;  // the literal alone would not give the same again
};

/// The collation that a session has for what clients send or get in one of its character sets. No variable shows it.
struct tracked_collation {
  enum class origin : std::uint8_t {
    login,
    character_set,  // that one's default
    named,          // by SET NAMES … COLLATE …
    unknown,
  };

  origin from = origin::login;
  std::string name;  // as written; empty unless named
};

struct tracked_variables {
  std::vector<tracked_variable> system;  // both sorted by name, which is compared without case
  std::vector<tracked_variable> user;
  bool incomplete = false;  // there were more user variables than the limit
  /// Counts up whenever a text literal may mean something else than before: other character sets, another sql_mode.
  std::uint32_t literal_rules = 0;
  bool default_collation = false;  // collation_connection is its character set's default, unless it is among `system`
  tracked_collation client{};      // of character_set_client
  tracked_collation results{};     // of character_set_results
};

using tracked_snapshot = std::shared_ptr<const tracked_variables>;

/// The one without any, shared by all sessions that have none.
const tracked_snapshot& no_variables();

/// The variable of that name, or null.
const tracked_variable* find_variable(const std::vector<tracked_variable>& all, std::string_view name);

/// Puts it in its place; a longer value is left out and marked. False, and nothing done, when it would be a new one
/// above `limit`.
bool put_variable(std::vector<tracked_variable>& all, tracked_variable next, std::size_t limit);

/// False when there was none.
bool remove_variable(std::vector<tracked_variable>& all, std::string_view name);

/// The name means the same in any character set.
bool has_ascii_name(const tracked_variable& variable);

/// autocommit and those of the original that no MySQL server has.
bool is_hot_variable(std::string_view name);

}  // namespace sessiongate::session
