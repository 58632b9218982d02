// The state of one session as its server tells it, apart from what cannot be moved to another server session (open
// transactions, locks, temporary tables: session/recovery_obstacle.hpp). Plain values; belongs to whoever holds it.
#pragma once

#include "proxy/statement_hazards.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct system_variable {
  std::string name;                  // in lower case
  std::optional<std::string> value;  // UTF-8; none: NULL
  bool is_number = false;            // written without quotes; a guess where the server does not tell types
  bool is_read_only = false;         // false where the server does not tell
  bool always = false;               // wanted: set even where the fresh session has the same
};

struct user_variable {
  enum class kind : std::uint8_t { integer, unsigned_integer, decimal, real, text };

  std::string name;  // UTF-8
  kind type = kind::text;
  std::optional<std::string> value;  // numbers: as the server writes them; text: the bytes, in its character set
  std::string character_set;         // of text
  std::string collation;

  bool operator==(const user_variable&) const = default;
};

struct session_snapshot {
  std::vector<system_variable> variables;  // sorted by name. On MariaDB: those that a session has; else all of them
  std::vector<user_variable> user;         // sorted by name
  std::optional<std::string> database;
  std::optional<std::string> role;
  std::uint64_t last_insert_id = 0;
  /// The collation of character_set_client, which parameters of prepared statements have where no conversion is needed:
  /// SET NAMES x COLLATE y sets it, and logins do; no variable shows it. Empty: not known, or its character set's
  /// default.
  std::string client_collation;
  /// In the same way that of character_set_results, by its number: columns are sent with it. Zero: that is NULL.
  std::uint16_t results_collation = 0;
  std::optional<std::string> fixed_timestamp;  // SET timestamp; none: the clock's
  /// hazard::reads_…: questions about what went before that a fresh server session would answer in another way. All but
  /// reads_sequence and reads_profile only for the statement that comes next; LASTVAL() until a NEXTVAL().
  statement_hazards unanswerable = 0;

  /// Bytes, nearly: names and values.
  [[nodiscard]] std::size_t size() const;
};

const system_variable* find_variable(const session_snapshot& in, std::string_view name);

/// What a session has and need not keep, or does not have in the way of others: with the reasons in the source. These
/// are neither set nor compared as system variables.
bool is_left_out(std::string_view variable);

/// The name of the first part that is not equal (`@a`, `sql_mode`, `database`); none when all are. A variable that
/// `actual` has and `wanted` has not is a newer server's and is left out.
std::optional<std::string> find_difference(const session_snapshot& wanted, const session_snapshot& actual);

}  // namespace sessiongate::proxy
