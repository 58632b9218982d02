#include "session/recovery_obstacle.hpp"

#include <array>
#include <cstddef>

namespace sessiongate::session {

namespace {

struct wording {
  std::string_view word;
  std::string_view explanation;
};

// In the order of the enumeration.
constexpr std::array<wording, recovery_obstacle_count> wordings{{
    {"none", ""},
    {"statement_running", "a statement was running"},
    {"open_transaction", "a transaction was open"},
    {"temporary_tables", "it had temporary tables"},
    {"table_locks", "it held table locks"},
    {"named_locks", "it held locks of GET_LOCK()"},
    {"open_cursor", "a cursor was open"},
    {"long_data", "data of a prepared statement had been sent and not executed"},
    {"open_handler", "a HANDLER was open"},
    {"xa_transaction", "an XA transaction was open"},
    {"replication", "it was a replication stream"},
    {"text_prepared", "it had statements of PREPARE"},
    {"unknown_user_variable", "a user variable has a value that is not known"},
    {"unknown_system_variable", "a system variable has a value that is not known"},
    {"next_transaction", "SET TRANSACTION waited for the next transaction"},
    {"last_insert_id", "the value of LAST_INSERT_ID() is not known"},
    {"sequence_value", "it had used a sequence"},
    {"diagnostics", "the statement asks for what the one before it left"},
    {"prepared_elsewhere", "a statement was prepared under other settings than the present ones"},
    {"state_too_large", "its state is above the limit for rebuilding"},
    {"no_tracking", "its state was not tracked"},
    {"hidden_changes", "stored programs may have changed its state unseen"},
    {"no_credentials", "the proxy has no credentials for its account"},
    {"credentials_refused", "the server refused the login"},
    {"backend_unreachable", "no backend could be reached"},
    {"server_differs", "the server is not like the one before"},
    {"replay_refused", "the server refused a statement that rebuilds it"},
    {"state_differs", "the rebuilt state is not equal to the one before"},
}};

const wording& wording_of(recovery_obstacle obstacle) {
  return wordings[static_cast<std::size_t>(obstacle)];
}

}  // namespace

std::string_view to_text(recovery_obstacle obstacle) {
  return wording_of(obstacle).word;
}

std::string_view explain(recovery_obstacle obstacle) {
  return wording_of(obstacle).explanation;
}

}  // namespace sessiongate::session
