// Session-state changes that a server reports inside OK packets ("Protocol::OK_Packet, Session State Information").
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::protocol {

enum class session_change_kind : std::uint8_t {
  system_variable = 0,
  schema = 1,
  state_changed = 2,
  gtids = 3,
  transaction_characteristics = 4,
  transaction_state = 5,
};

struct session_change {
  session_change_kind kind{};
  std::string name;   // system_variable only
  std::string value;  // the new value; for kinds without a documented layout the raw data
};

/// The system variables that servers report when nobody asks for others.
bool is_reported_by_default(std::string_view name);

/// `state_info` without the system variables that are not reported by default; nothing when it is malformed.
result<std::string> default_session_changes(std::string_view state_info);

/// Unknown kinds are kept with their raw data, so that newer servers do not break a session.
result<std::vector<session_change>> parse_session_changes(std::string_view state_info);

}  // namespace sessiongate::protocol
