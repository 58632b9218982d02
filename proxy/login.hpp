// From accept to a session that can work: greet the client, learn who it is, reach the backend, and carry the
// authentication across ("Connection Phase"). The proxy holds no password: it names a plugin that no server has, so the
// backend asks for the account's real one with a nonce of its own, and from there the packets are carried as they are.
#pragma once

#include "proxy/client_connection.hpp"
#include "proxy/proxysys_login.hpp"

#include "protocol/capabilities.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/status_flags.hpp"

#include <memory>
#include <string_view>
#include <variant>

namespace sessiongate::proxy {

/// The plugin name that no server has.
inline constexpr std::string_view unknown_plugin = "sessiongate_pass_through";

struct logged_in_account {
  protocol::capabilities client = 0;   // negotiated with the client
  protocol::capabilities backend = 0;  // negotiated with the backend
  protocol::status_flags status = 0;
  protocol::bytes client_rest;  // what the client sent behind its login
  /// As it went to the backend, without an answer to its nonce; null where no other server session can take its place.
  std::unique_ptr<protocol::handshake_response> login{};
};

/// A stop_request: the login failed, and the client has been told.
using login_outcome = std::variant<session::stop_request, logged_in_account, logged_in_proxysys>;

awaitable<login_outcome> login(client_connection& connection);

}  // namespace sessiongate::proxy
