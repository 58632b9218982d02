// SERVER_STATUS_flags_enum: the session's state as the server reports it in every OK and EOF packet.
#pragma once

#include <cstdint>

namespace sessiongate::protocol {

using status_flags = std::uint16_t;

inline constexpr status_flags status_in_transaction = 0x0001;
inline constexpr status_flags status_autocommit = 0x0002;
inline constexpr status_flags status_more_results = 0x0008;
inline constexpr status_flags status_cursor_exists = 0x0040;
inline constexpr status_flags status_last_row_sent = 0x0080;
inline constexpr status_flags status_no_backslash_escapes = 0x0200;
inline constexpr status_flags status_session_state_changed = 0x4000;

}  // namespace sessiongate::protocol
