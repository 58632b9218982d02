// The login of root@proxysys, the proxy's own account, from its name on: from where it may come, how often its password
// may be guessed, and whether it is right. On the session's worker.
#pragma once

#include "proxy/login_channel.hpp"

#include "protocol/capabilities.hpp"
#include "protocol/handshake_response.hpp"
#include "session/login_name.hpp"
#include "session/stop_reason.hpp"

#include <string>
#include <variant>

namespace sessiongate::proxy {

struct logged_in_proxysys {
  protocol::capabilities client = 0;
  protocol::bytes client_rest;
};

/// True for `root@proxysys`, whatever cluster is named.
bool is_proxysys(const session::login_name& name);

/// `response` is what the client logs in with, over `nonce`; an answer that is asked for again takes its place. A
/// stop_request: the login failed, and the client has been told.
awaitable<std::variant<session::stop_request, logged_in_proxysys>> log_in_proxysys(
    login_channel& channel, protocol::handshake_response& response, std::string nonce);

}  // namespace sessiongate::proxy
