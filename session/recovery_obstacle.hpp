// Why the server session of a client session that goes on cannot be replaced by a fresh one: part of the state could
// not be rebuilt, or is not known well enough to. Its word is in the client's error, in the log, and in what a kill
// tells.
#pragma once

#include <cstdint>
#include <string_view>

namespace sessiongate::session {

enum class recovery_obstacle : std::uint8_t {
  none,

  // What the session holds, and no other server session can be given.
  statement_running,
  open_transaction,
  temporary_tables,
  table_locks,
  named_locks,  // GET_LOCK()
  open_cursor,
  long_data,     // COM_STMT_SEND_LONG_DATA, not executed yet
  open_handler,  // HANDLER … OPEN
  xa_transaction,
  replication,    // the session is a replica's, or its server's binary log is read
  text_prepared,  // PREPARE in SQL

  // What it has been set to, where only its server knows.
  unknown_user_variable,
  unknown_system_variable,
  next_transaction,  // SET TRANSACTION without SESSION
  last_insert_id,
  sequence_value,  // LASTVAL()
  diagnostics,     // the statement asks what the one before left: SHOW WARNINGS, ROW_COUNT()
  prepared_elsewhere,
  state_too_large,

  // What stands in the way of finding out.
  no_tracking,
  hidden_changes,

  // The fresh server session.
  no_credentials,
  credentials_refused,
  backend_unreachable,
  server_differs,
  replay_refused,
  state_differs,
};

/// How many there are, none included, for those who walk them.
inline constexpr std::uint8_t recovery_obstacle_count = 28;

/// One word.
std::string_view to_text(recovery_obstacle obstacle);

/// A few words for people, which stand behind "cannot be rebuilt: ". Empty for none.
std::string_view explain(recovery_obstacle obstacle);

}  // namespace sessiongate::session
