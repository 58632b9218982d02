// Errors that the proxy itself tells a client.
#pragma once

#include "proxy/stream.hpp"

#include "protocol/err_packet.hpp"

#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

/// The packet of an error as the answer to a command: sequence id 1 unless told otherwise.
protocol::bytes error_packet(const protocol::server_error& error, std::uint8_t sequence_id = 1);

/// 1203 (42000) User … already has more than 'max_user_connections' active connections
protocol::server_error too_many_user_connections(std::string_view user);

/// 1157 (08S01), for compressed packets that cannot be.
protocol::server_error uncompress_failed();

/// Sends an error that nobody asked for before the connection is closed, as servers do: the client reads it as the
/// answer to its next command. Does not wait: what does not fit into the socket's buffer is lost with the connection.
void send_last_error(stream& client, const protocol::server_error& error, std::uint8_t sequence_id = 1);

}  // namespace sessiongate::proxy
