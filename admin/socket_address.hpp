// Addresses of sockets, TCP and Unix, between what the system takes and what is shown.
#pragma once

#include "session/endpoint.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <cstdint>

namespace sessiongate::admin {

using socket_address = boost::asio::generic::stream_protocol::endpoint;

/// IPv4 in IPv6 (::ffff:192.0.2.1) is shown as IPv4; a client's Unix socket as `localhost`.
session::endpoint to_endpoint(const socket_address& from);

/// Throws boost::system::system_error when the host is no numeric address, or the path is too long.
socket_address to_socket_address(const session::endpoint& from);

/// Zero for a Unix socket.
std::uint16_t port_of(const socket_address& of);

}  // namespace sessiongate::admin
