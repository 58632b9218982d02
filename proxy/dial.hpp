// Reaching the backend: a TCP connection and its greeting. Runs wherever the stream lives, on workers and on the admin
// thread alike.
#pragma once

#include "proxy/backend.hpp"
#include "proxy/packet_channel.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/greeting.hpp"
#include "session/server_session.hpp"

#include <optional>

namespace sessiongate::proxy {

struct dial_result {
  std::optional<protocol::greeting> hello{};  // none: see error
  protocol::server_error error{};             // 2003, or what the backend sent in place of a greeting
  session::connection_origin origin{};        // of one that was greeted; port_seen is the connection's own
};

/// Connects `connection` to the first of the backend's addresses that answers and reads the greeting through `channel`,
/// which must be over that stream. `preamble` is sent in front of everything. Whoever wants a limit closes the stream:
/// the error is 2003 then, too. `only`: to no other address than that.
awaitable<dial_result> dial(stream& connection, packet_channel& channel, const backend& target,
                            protocol::bytes preamble, std::optional<session::endpoint> only = {});

/// The error of a backend that has, or whose account has, all the connections that it may have.
bool says_full(std::uint16_t code);

/// 2003 (HY000) Can't connect to MySQL server …
protocol::server_error unreachable(const backend& target, std::string_view why);

}  // namespace sessiongate::proxy
