// What a client is told before the proxy ends its session, where no response is under way.
#pragma once

#include "protocol/err_packet.hpp"
#include "session/stop_reason.hpp"

#include <string_view>

namespace sessiongate::proxy {

/// In the words of the server behind it, which its driver knows.
protocol::server_error last_words(const session::stop_request& why, std::string_view server_version);

}  // namespace sessiongate::proxy
