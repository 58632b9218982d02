// The client's side of a login under way: its packets, and the words for a login that fails. Lives on the session's
// worker, as long as the login.
#pragma once

#include "proxy/client_connection.hpp"
#include "proxy/packet_channel.hpp"

#include "protocol/err_packet.hpp"
#include "session/stop_reason.hpp"

namespace sessiongate::proxy {

class login_channel : public packet_channel {
 public:
  explicit login_channel(client_connection& connection);

  [[nodiscard]] client_connection& connection() const { return connection_; }

  // Each gives why the session ends.
  /// The client is told.
  awaitable<session::stop_request> refuse(protocol::server_error error, session::stop_reason reason);
  /// Behind a read that failed: the client is told when it was too large.
  awaitable<session::stop_request> unread(error_code ec);
  /// The connection has broken; or something else has ended the session meanwhile, with a reason of its own.
  [[nodiscard]] session::stop_request lost(const error_code& ec) const;

 private:
  client_connection& connection_;
};

}  // namespace sessiongate::proxy
