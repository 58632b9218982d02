// The greeting that clients get from the proxy: what the backends of the default cluster can do, as far as the proxy
// carries it. Without a socket; any thread.
#pragma once

#include "protocol/capabilities.hpp"
#include "protocol/greeting.hpp"

namespace sessiongate::proxy {

/// `known` is what backends have greeted with; without flags none has, and the greeting is one that root@proxysys can
/// log in behind. `transport` is what the proxy offers for its side to the client: TLS, compression. Thread id and
/// nonce are left to the session.
protocol::greeting greeting_for_clients(protocol::greeting known, protocol::capabilities transport);

}  // namespace sessiongate::proxy
