#include "proxy/last_words.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

namespace {

using protocol::server_error;
using session::stop_reason;
namespace er = protocol::er;

bool is_mariadb(std::string_view server_version) {
  return server_version.find("MariaDB") != std::string_view::npos;
}

/// MySQL tells since version 8; what MariaDB says to a connection that it ends is 1927.
server_error idle_words(std::string_view server_version, std::string_view what, std::string_view setting) {
  if (is_mariadb(server_version)) {
    return {er::connection_killed, "70100",
            fmt::format("Connection was killed: it was {} for longer than {}", what, setting)};
  }
  return {er::client_interaction_timeout, "HY000",
          fmt::format("The client was disconnected by the server because of inactivity. See {} for configuring this "
                      "behavior.",
                      setting)};
}

server_error statement_words(std::string_view server_version) {
  if (is_mariadb(server_version)) {
    return {er::statement_timeout, "70100", "Query execution was interrupted (max_statement_time exceeded)"};
  }
  return {er::query_timeout, "HY000", "Query execution was interrupted, maximum statement execution time exceeded"};
}

}  // namespace

server_error last_words(const session::stop_request& why, std::string_view server_version) {
  switch (why.reason) {
    case stop_reason::drained:
    case stop_reason::drained_by_command:
      return {er::server_shutdown, "08S01", "Server shutdown in progress"};
    case stop_reason::idle_timeout:
      return idle_words(server_version, "idle", "idle-timeout");
    case stop_reason::idle_in_transaction_timeout:
      return idle_words(server_version, "idle in a transaction", "idle-in-transaction-timeout");
    case stop_reason::max_statement_time:
      return statement_words(server_version);
    case stop_reason::max_transaction_time:
    case stop_reason::max_session_age:
      return {er::connection_killed, "70100", "Connection was killed: " + why.detail};
    default:
      return {er::connection_killed, "70100", "Connection was killed"};
  }
}

}  // namespace sessiongate::proxy
