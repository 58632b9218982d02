// The PROXY protocol on both sides: whose a client connection is, told by the load balancer in front, and told to the
// backend. What headers look like is protocol/proxy_header.hpp's.
#pragma once

#include "proxy/config.hpp"
#include "proxy/packet_channel.hpp"

#include "admin/socket_address.hpp"
#include "protocol/bytes.hpp"
#include "session/endpoint.hpp"

#include <optional>
#include <string_view>

namespace sessiongate::proxy {

struct client_address {
  error_code ec;                              // the connection ended first
  std::string_view refusal;                   // not empty: the header is not accepted, and why
  std::optional<session::endpoint> endpoint;  // as the header says; none: the connection's own holds
};

/// Reads the header that a client's connection begins with, if there is one. `from` is the connection's own address. A
/// header that has to come is waited for; else the first byte that cannot belong to one ends the look.
awaitable<client_address> read_proxy_header(packet_channel& channel, const session::endpoint& from,
                                            const config& settings);

/// What a connection to the backend begins with: empty when `form` is none. Without a client, for a connection of the
/// proxy's own, it says so.
protocol::bytes backend_preamble(backend_proxy_protocol form, const session::endpoint* client = nullptr,
                                 const session::endpoint* accepted_at = nullptr);

}  // namespace sessiongate::proxy
