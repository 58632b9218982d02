// What sort of thing a command does. Rights are given by kind (authorize.hpp), so that a new command only has to say
// which kind it is.
#pragma once

#include "admin/command.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sessiongate::admin {

enum class command_kind : std::uint8_t {
  ask_proxy,      // what tells nothing about anybody: version, help, ping
  list_sessions,  // rows of sessions, live or ended: those that the caller may see
  read_session,   // one session in detail: attributes, variables, counters
  kill_session,   // one, or each that a condition meets
  kill_server_session,
  kill_query,
  read_proxy,    // settings, memory, threads, backends, counters of the whole proxy
  drain,         // lets sessions end by themselves, of a user, a backend or everything, and takes it back
  change_proxy,  // settings
};

/// How many kinds there are, for those who walk them.
inline constexpr std::uint8_t command_kind_count = 9;

std::string_view to_text(command_kind kind);
command_kind kind_of(const command& what);
/// The id of the session that the command is about; none when it is about several, or about the caller's own.
std::optional<session_id> target_of(const command& what);

}  // namespace sessiongate::admin
