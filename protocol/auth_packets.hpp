// What a server sends between the login and its OK or ERR: AuthSwitchRequest (0xFE), AuthMoreData (0x01), and
// AuthNextFactor (0x02), which is one only where client_multi_factor_authentication was negotiated.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <string>

namespace sessiongate::protocol {

struct auth_switch_request {
  std::string plugin;  // empty: the old 4.0 switch, a packet of one byte
  std::string data;    // the nonce; a terminating zero that servers append is kept (it is part of what is carried)
};

inline constexpr std::uint8_t auth_switch_header = 0xFE;
inline constexpr std::uint8_t auth_more_data_header = 0x01;
inline constexpr std::uint8_t auth_next_factor_header = 0x02;

result<auth_switch_request> parse_auth_switch_request(bytes_view payload);
void write_auth_switch_request(bytes& out, const auth_switch_request& value);

/// The next plugin of an account with several has the layout of a switch.
result<auth_switch_request> parse_auth_next_factor(bytes_view payload);

/// The bytes after the 0x01.
result<std::string> parse_auth_more_data(bytes_view payload);
void write_auth_more_data(bytes& out, std::string_view data);

}  // namespace sessiongate::protocol
