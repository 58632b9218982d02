// Reaching one backend for a client session, up to the login's packet: dial, a number that is nobody else's, TLS, and
// the login with the client's own data. The authentication behind it is the client's, carried across
// (backend_login.hpp), or the proxy's own (session_rebuild.hpp). On the session's worker.
#pragma once

#include "proxy/backend_login.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/packet_channel.hpp"

#include "protocol/greeting.hpp"
#include "protocol/handshake_response.hpp"

#include <chrono>
#include <optional>

namespace sessiongate::proxy {

/// 2013 (HY000), for a backend that closes in the middle of a login.
protocol::server_error lost_in_login();

class server_opening {
 public:
  /// `login` is the client's, with the backend's user name in it. The backend has `time` for its greeting, and again
  /// for TLS.
  server_opening(client_connection& connection, protocol::handshake_response login, backend_ptr target,
                 std::chrono::milliseconds time);

  /// When it succeeds the login's packet has been sent, and names a plugin that no server has.
  awaitable<std::optional<login_failure>> open();
  /// The connection_id clashed with a live cs_id: try with another connection.
  [[nodiscard]] bool clashed() const { return clashed_; }

  [[nodiscard]] stream& connection() { return stream_; }
  [[nodiscard]] packet_channel& channel() { return channel_; }
  /// The login as it was sent; its flags are what was negotiated.
  [[nodiscard]] const protocol::handshake_response& sent() const { return sent_; }

 private:
  awaitable<std::optional<login_failure>> reach();
  void prepare();
  awaitable<std::optional<login_failure>> secure();

  client_connection& connection_;
  backend_ptr target_;
  std::chrono::milliseconds time_;
  protocol::handshake_response login_;
  protocol::handshake_response sent_;
  stream& stream_;
  packet_channel channel_;
  protocol::greeting hello_;
  bool clashed_ = false;
};

}  // namespace sessiongate::proxy
