// Compression of a session's two sides: each is agreed on in its login, and begins behind the login's OK.
#pragma once

#include "proxy/client_connection.hpp"

#include "protocol/capabilities.hpp"
#include "protocol/handshake_response.hpp"

namespace sessiongate::proxy {

/// What clients are offered.
protocol::capabilities offered_compression(const config& settings);

/// Adds to the login on a backend, whose greeting had `offered`, what `--backend-compression` asks for.
void ask_for_compression(protocol::handshake_response& login, protocol::capabilities offered, const config& settings);

/// From here on both ends compress, if the login agreed on it. `received` came behind the login; what is not for the
/// compression comes back.
protocol::bytes compress_client(client_connection& connection, const protocol::handshake_response& login,
                                protocol::bytes received);
void compress_backend(stream& backend, const protocol::handshake_response& login, const config& settings,
                      protocol::bytes received);

}  // namespace sessiongate::proxy
