// Commands of the proxy's own, as payloads: the command's byte first, no packet header ("COM_QUERY",
// "COM_STMT_PREPARE", "COM_STMT_EXECUTE", "COM_STMT_CLOSE"). Plain functions, any thread.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"

#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

protocol::bytes own_query(std::string_view text, protocol::capabilities negotiated);
protocol::bytes own_prepare(std::string_view text);
/// With a text as its one parameter.
protocol::bytes own_execute(std::uint32_t statement_id, std::string_view parameter, protocol::capabilities negotiated);
/// Has no response.
protocol::bytes own_close(std::uint32_t statement_id);

}  // namespace sessiongate::proxy
