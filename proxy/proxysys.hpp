// Sessions of root@proxysys: the proxy's own account, without a backend. Answers the admin commands and what drivers
// and the command-line clients send by themselves when they start; everything else is 5010.
#pragma once

#include "proxy/client_connection.hpp"
#include "proxy/login.hpp"

namespace sessiongate::proxy {

/// Serves the client, which is logged in, until the session ends.
awaitable<void> serve_proxysys(client_connection& connection, logged_in_proxysys account);

}  // namespace sessiongate::proxy
