#include "proxy/last_words.hpp"

namespace sessiongate::proxy {

namespace {

using protocol::server_error;
using session::stop_reason;
namespace er = protocol::er;

/// MySQL tells since version 8; what MariaDB says to a connection that it ends is 1927.
server_error idle_words(const backend& server) {
  const bool mariadb = server.last_greeting()->server_version.find("MariaDB") != std::string::npos;
  if (mariadb)
    return {er::connection_killed, "70100", "Connection was killed: it was idle for longer than idle-timeout"};
  return {er::client_interaction_timeout, "HY000",
          "The client was disconnected by the server because of inactivity. See idle-timeout for configuring this "
          "behavior."};
}

}  // namespace

server_error last_words(const session::stop_request& why, const backend& server) {
  switch (why.reason) {
    case stop_reason::drained:
      return {er::server_shutdown, "08S01", "Server shutdown in progress"};
    case stop_reason::idle_timeout:
      return idle_words(server);
    default:
      return {er::connection_killed, "70100", "Connection was killed"};
  }
}

}  // namespace sessiongate::proxy
