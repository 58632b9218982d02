// How execute() reaches a backend's threads. Implemented in proxy/.
#pragma once

#include "admin/result.hpp"
#include "session/endpoint.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
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
  /// Sends it over the caller's own server session only, as the account that is logged in there: the backend knows what
  /// that may do. Without a backend: to the caller's. no_route: it has no server session there.
  virtual boost::asio::awaitable<interrupt_answer> interrupt_as_caller(std::optional<session::endpoint> /*backend*/,
                                                                       std::uint32_t /*connection_id*/,
                                                                       interrupt_scope /*scope*/) {
    co_return interrupt_answer{};
  }
};

}  // namespace sessiongate::admin
