// The line that is version 1 of the PROXY protocol, without its line end.
#pragma once

#include "protocol/proxy_header.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::protocol {

/// `PROXY TCP4 192.0.2.1 198.51.100.7 56324 3306`. None: malformed.
std::optional<proxy_header> parse_proxy_line(std::string_view line);
std::string format_proxy_line(const proxy_header& value);

}  // namespace sessiongate::protocol
