#include "session/stop_reason.hpp"

namespace sessiongate::session {

std::string_view to_text(stop_reason reason) {
  switch (reason) {
    case stop_reason::none:
      return "none";
    case stop_reason::client_quit:
      return "client_quit";
    case stop_reason::client_gone:
      return "client_gone";
    case stop_reason::login_failed:
      return "login_failed";
    case stop_reason::login_timeout:
      return "login_timeout";
    case stop_reason::too_many_connections:
      return "too_many_connections";
    case stop_reason::too_many_user_connections:
      return "too_many_user_connections";
    case stop_reason::too_many_logins:
      return "too_many_logins";
    case stop_reason::idle_timeout:
      return "idle_timeout";
    case stop_reason::client_stalled:
      return "client_stalled";
    case stop_reason::max_statement_time:
      return "max_statement_time";
    case stop_reason::idle_in_transaction_timeout:
      return "idle_in_transaction_timeout";
    case stop_reason::max_transaction_time:
      return "max_transaction_time";
    case stop_reason::max_session_age:
      return "max_session_age";
    case stop_reason::backend_unreachable:
      return "backend_unreachable";
    case stop_reason::backend_gone:
      return "backend_gone";
    case stop_reason::killed:
      return "killed";
    case stop_reason::server_session_killed:
      return "server_session_killed";
    case stop_reason::drained:
      return "drained";
    case stop_reason::drained_by_command:
      return "drained_by_command";
    case stop_reason::protocol_error:
      return "protocol_error";
    case stop_reason::internal_error:
      return "internal_error";
  }
  return "unknown";
}

}  // namespace sessiongate::session
