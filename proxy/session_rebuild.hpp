// A fresh server session for a client session that has lost its own, with the state of the one before: opened with the
// proxy's credentials on a backend of the cluster, given what the old one had, and read back. It is the client's only
// if it then says of itself what the old one did. Runs on the session's worker.
#pragma once

#include "proxy/backend_login.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/lost_session.hpp"
#include "proxy/snapshot_reading.hpp"

#include <variant>

namespace sessiongate::proxy {

enum class rebuild_scope : std::uint8_t {
  state,  // all of it
  login,  // nothing but the login: the client is about to have its state thrown away
};

/// Within recovery-timeout. When it succeeds the connection has the server session, in no relay's hands yet, and the
/// prepared statements of `what` are known by its numbers. When it fails the connection has none.
awaitable<std::variant<recovery_failure, backend_login>> rebuild_session(client_connection& connection,
                                                                         lost_session& what, rebuild_scope scope);

/// False: a prepared statement would mean something else under the session's present settings.
bool can_prepare_again(const client_connection& connection, lost_session& of);

/// To be asked of a server session before it is ended on purpose.
snapshot_reading begin_reading(client_connection& connection, const lost_session& of);

}  // namespace sessiongate::proxy
