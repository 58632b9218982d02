// execute(): the only thing that acts on a command. Look up, authorize, act, tell the truth.
#pragma once

#include "admin/command.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"
#include "session/closed_sessions.hpp"
#include "session/registry.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace sessiongate::admin {

enum class interrupt_scope : std::uint8_t { query, connection };

struct interrupt_answer {
  interrupt_status status = interrupt_status::no_route;
  std::uint16_t code = 0;  // backend_refused only
  std::string sqlstate{};
  std::string message{};
};

/// Sends KILL [QUERY] <connection_id> to a backend. Implemented in proxy/: over the killer's own idle server session
/// when there is one on the same backend, else over the control account. Must answer within its own time limit.
class backend_interrupter {
 public:
  virtual ~backend_interrupter() = default;
  virtual boost::asio::awaitable<interrupt_answer> interrupt(session::endpoint backend, std::uint32_t connection_id,
                                                             interrupt_scope scope) = 0;
};

class proxy_view;
class kill_counters;

struct execution_context {
  session::registry& sessions;
  backend_interrupter& interrupter;
  std::chrono::milliseconds kill_timeout;            // how long a kill waits for its target's worker
  std::int32_t process_id = 0;                       // shown as pid
  proxy_view* proxy = nullptr;                       // null only where nothing about the proxy is asked
  kill_counters* kills = nullptr;                    // null: not counted
  const session::closed_sessions* closed = nullptr;  // null: none are kept
};

/// Runs on the caller's executor, which must run on one thread (or be a strand). The context must outlive it; nothing
/// throws but bad_alloc.
/// - What the caller may do to no session at all is forbidden, whether there are any or not.
/// - Which sessions exist is told only as far as the caller may see them: what is hidden is unknown_id.
/// - kill_session of the caller's own session does not stop it: the outcome is killed_self, and the caller answers 1317
///   and closes.
/// - kill_session of another: the target is stopped first (closed at once), then the statements that were in flight are
///   interrupted on their backends, then the outcome is given.
/// - kill_server_session: the same for one server session; also for the caller's own, whose client connection stays.
/// - kill_query: a running statement is interrupted (the backend's refusal is a failure of kind backend).
boost::asio::awaitable<result> execute(command what, principal who, execution_context& context);

}  // namespace sessiongate::admin
