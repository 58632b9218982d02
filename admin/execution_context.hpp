// What commands work on, and with. Made by the faces, one for each caller.
#pragma once

#include "admin/backend_interrupter.hpp"
#include "session/closed_sessions.hpp"
#include "session/registry.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sessiongate::admin {

class proxy_view;
class kill_counters;
class kill_log;
class drains;
class event_log;

struct execution_context {
  session::registry& sessions;
  backend_interrupter& interrupter;
  std::chrono::milliseconds kill_timeout;            // how long a kill waits for its target's worker
  std::int32_t process_id = 0;                       // shown as pid
  proxy_view* proxy = nullptr;                       // null only where nothing about the proxy is asked
  kill_counters* kills = nullptr;                    // null: not counted
  const session::closed_sessions* closed = nullptr;  // null: none are kept
  kill_log* trail = nullptr;                         // null: not recorded
  drains* draining = nullptr;                        // null only where nobody drains
  std::chrono::milliseconds gentle_timeout{60'000};  // of a gentle kill that names none; 0: it waits for ever
  std::size_t kill_where_max = 100;                  // sessions that one command may hit, if it does not say
  std::size_t kills_at_once = 1;                     // of one command that hits several
  /// For what takes longer than the caller's thread may be away from others; null: the caller's own.
  boost::asio::any_io_executor listings_on{};
  const event_log* events = nullptr;  // null: none are kept
};

}  // namespace sessiongate::admin
