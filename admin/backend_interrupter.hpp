// How execute() reaches a backend's threads. Implemented in proxy/.
#pragma once

#include "admin/result.hpp"
#include "session/held_connection.hpp"
#include "session/server_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sessiongate::admin {

enum class interrupt_scope : std::uint8_t { query, connection };

struct interrupt_answer {
  interrupt_status status = interrupt_status::no_route;
  std::uint16_t code = 0;  // backend_refused only
  std::string sqlstate{};
  std::string message{};
};

/// The thread of a server session on its backend; the session may have ended here.
struct backend_thread {
  std::shared_ptr<const session::server_session> session;
  std::shared_ptr<const session::held_connection> held{};  // null: nothing keeps the thread from ending
};

/// Sends KILL [QUERY] <connection_id> to a backend. Implemented in proxy/: over the killer's own idle server session
/// when there is one on the same server, else over the control account. Must answer within its own time limit, and
/// never hit the thread of another server that has the same number: backend_unreachable then.
class backend_interrupter {
 public:
  virtual ~backend_interrupter() = default;
  virtual boost::asio::awaitable<interrupt_answer> interrupt(backend_thread which, interrupt_scope scope) = 0;
  /// Sends it over the caller's own server session only, as the account that is logged in there: the backend knows what
  /// that may do. Without `of`: to the caller's server. no_route: it has no server session there.
  virtual boost::asio::awaitable<interrupt_answer> interrupt_as_caller(
      std::shared_ptr<const session::server_session> /*of*/, std::uint32_t /*connection_id*/,
      interrupt_scope /*scope*/) {
    co_return interrupt_answer{};
  }
};

}  // namespace sessiongate::admin
