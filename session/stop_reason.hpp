// Why a client session ended. Each session has exactly one: the first that was given. It is logged, counted and shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::session {

enum class stop_reason : std::uint8_t {
  none,
  client_quit,                // COM_QUIT
  client_gone,                // the client closed or reset its connection
  login_failed,               // the backend or the proxy refused the login
  login_timeout,              // the client stalled before its login was complete
  too_many_connections,       // max-connections
  too_many_user_connections,  // max-user-connections
  too_many_logins,            // login-max-per-address, login-memory-max
  idle_timeout,               // the client sent no command for too long
  client_stalled,             // the client did not take what was for it
  max_statement_time,         // the guards' limits, by the names of their settings
  idle_in_transaction_timeout,
  max_transaction_time,
  max_session_age,
  backend_unreachable,  // no connection to the backend could be made
  backend_gone,         // the backend closed or reset its connection
  killed,               // by KILL, in SQL or over HTTP
  server_session_killed,
  drained,             // the proxy is stopping
  drained_by_command,  // DRAIN PROXYSESSION
  protocol_error,      // bytes that cannot be part of the protocol
  internal_error,
};

/// How many reasons there are, none included, for those who walk them (metrics).
inline constexpr std::uint8_t stop_reason_count = 22;

std::string_view to_text(stop_reason reason);

/// A reason with its particulars for the log ("by root@sys (cs_id 1073741830)").
struct stop_request {
  stop_reason reason = stop_reason::none;
  std::string detail;
};

}  // namespace sessiongate::session
