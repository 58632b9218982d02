// The backend's side of a login: dial one of the cluster's backends after the other until one greets, log in there with
// the client's own data, and carry the authentication packets across.
#pragma once

#include "proxy/auth_exchange.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/packet_channel.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/status_flags.hpp"

#include <optional>
#include <string>
#include <variant>

namespace sessiongate::proxy {

struct backend_login {
  protocol::capabilities negotiated = 0;
  protocol::status_flags status = 0;
};

/// `error` is what the client has still to be told; without one either it has been told, or it is the client that went
/// away (`ec`).
struct login_failure {
  session::stop_reason reason = session::stop_reason::login_failed;
  std::optional<protocol::server_error> error;
  error_code ec;
  std::string detail;
  bool elsewhere = false;  // before anything of the client's was sent: another backend may do
};

/// `response` is the client's, with the backend's user name in it. When it passes, the session is published as logged
/// in and the client has its OK.
awaitable<std::variant<login_failure, backend_login>> pass_login_through(client_connection& connection,
                                                                         packet_channel& client,
                                                                         protocol::handshake_response response);

link_kind link_of(const stream& connection, bool local);
/// What the authentication between a session's two connections depends on.
auth_circumstances auth_between(client_connection& connection, protocol::capabilities backend);

/// Learns a backend's greeting without a client's login, and leaves politely: a handshake that is broken off counts
/// against the proxy's host on the server, one that fails with access denied does not. The error when there was none.
awaitable<std::optional<protocol::server_error>> probe_backend(worker& on, gateway& shared, const cluster& owner,
                                                               backend& target);
/// One backend after the other, until one has greeted. The error when none has.
awaitable<std::optional<protocol::server_error>> probe_cluster(worker& on, gateway& shared, const cluster& which);

}  // namespace sessiongate::proxy
