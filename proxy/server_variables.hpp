// What a server says of a session's system variables, for SHOW PROXYSESSION VARIABLES ALL: asked over the session
// itself, for servers report at login few of them or none. Pure functions over the bytes of a response.
#pragma once

#include "protocol/bytes.hpp"
#include "session/tracked_variables.hpp"

#include <string_view>

namespace sessiongate::proxy {

inline constexpr std::string_view variables_question = "SHOW SESSION VARIABLES";

/// `response` holds the packets of the text result set. Null when it is no such result set, or was cut off.
session::tracked_snapshot read_server_variables(protocol::bytes_view response);

}  // namespace sessiongate::proxy
