// A server session: one connection of the proxy to a backend on behalf of a client session. Owned by its client
// session. Made and changed on that session's worker; every thread may read.
#pragma once

#include "session/endpoint.hpp"
#include "session/state_versions.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sessiongate::session {

enum class server_session_state : std::uint8_t {
  init,        // connected, not used yet
  active,      // serves a request now
  bound_idle,  // idle, the one its client session used last
};

/// The original's names: MSS_INIT, MSS_ACTIVE, MSS_KA_CLIENT_SLAVE.
std::string_view to_text(server_session_state state);

/// How a connection to a backend came to be: what tells whether another one has reached the same server.
struct connection_origin {
  std::uint32_t connection_id = 0;
  std::uint16_t port_seen = 0;                      // the port that the backend saw it come from; 0: none, or not known
  endpoint peer{};                                  // who was reached: numeric, or a path
  std::chrono::steady_clock::time_point dialled{};  // before it was made,
  std::chrono::steady_clock::time_point greeted{};  // and when the backend had numbered it
};

/// False: they cannot have reached the same server process. A server numbers its connections in the order in which they
/// come in.
bool may_share_server(const connection_origin& one, const connection_origin& other);

class server_session {
 public:
  server_session(std::uint64_t ss_id, std::shared_ptr<const endpoint> backend, connection_origin origin)
      : ss_id_(ss_id), backend_(std::move(backend)), origin_(std::move(origin)) {}

  [[nodiscard]] std::uint64_t ss_id() const { return ss_id_; }
  [[nodiscard]] const endpoint& backend() const { return *backend_; }
  [[nodiscard]] const std::shared_ptr<const endpoint>& shared_backend() const { return backend_; }
  /// The backend's own id for it: what SELECT CONNECTION_ID() answers. Unique only per backend.
  [[nodiscard]] std::uint32_t connection_id() const { return origin_.connection_id; }
  [[nodiscard]] const connection_origin& origin() const { return origin_; }

  [[nodiscard]] server_session_state state() const { return state_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool running() const { return state() == server_session_state::active; }
  [[nodiscard]] std::uint64_t request_count() const { return requests_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t transaction_count() const { return transactions_.load(std::memory_order_relaxed); }

  /// What of its client session's state it has.
  [[nodiscard]] const state_versions& versions() const { return versions_; }

  // The worker only: single writer, so plain loads and stores.
  void begin_request() {
    requests_.store(request_count() + 1, std::memory_order_relaxed);
    state_.store(server_session_state::active, std::memory_order_relaxed);
  }
  void end_request() { state_.store(server_session_state::bound_idle, std::memory_order_relaxed); }
  void bring_to(const state_versions& client) { versions_.bring_to(client); }
  void count_transaction() { transactions_.store(transaction_count() + 1, std::memory_order_relaxed); }

 private:
  std::uint64_t ss_id_;
  std::shared_ptr<const endpoint> backend_;
  connection_origin origin_;
  std::atomic<server_session_state> state_{server_session_state::init};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> transactions_{0};
  state_versions versions_;
};

}  // namespace sessiongate::session
