// TLS with the backend, between its greeting and the login.
#pragma once

#include "proxy/packet_channel.hpp"
#include "proxy/tls_context.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/greeting.hpp"
#include "protocol/handshake_response.hpp"

#include <optional>

namespace sessiongate::proxy {

/// What `--backend-tls` asks for and `hello` allows: the connection is encrypted, `login.flags` has client_ssl then,
/// and `channel` goes on behind the request. `login` must be complete but for that flag: servers take some of it from
/// the request. `peer` is the backend as it is configured. The error otherwise: 2026 (HY000). Whoever wants a limit
/// closes the stream.
awaitable<std::optional<protocol::server_error>> secure_backend(stream& connection, packet_channel& channel,
                                                                const session::endpoint& peer,
                                                                const protocol::greeting& hello,
                                                                protocol::handshake_response& login,
                                                                const config& settings, const tls_context& tls);

}  // namespace sessiongate::proxy
