// A server session: one connection of the proxy to a backend on behalf of a client session. Owned by its client
// session. Made and changed on that session's worker; every thread may read.
#pragma once

#include "session/endpoint.hpp"
#include "session/state_versions.hpp"

#include <atomic>
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

class server_session {
 public:
  server_session(std::uint64_t ss_id, std::shared_ptr<const endpoint> backend, std::uint32_t connection_id)
      : ss_id_(ss_id), backend_(std::move(backend)), connection_id_(connection_id) {}

  [[nodiscard]] std::uint64_t ss_id() const { return ss_id_; }
  [[nodiscard]] const endpoint& backend() const { return *backend_; }
  [[nodiscard]] const std::shared_ptr<const endpoint>& shared_backend() const { return backend_; }
  /// The backend's own id for it: what SELECT CONNECTION_ID() answers. Unique only per backend.
  [[nodiscard]] std::uint32_t connection_id() const { return connection_id_; }

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
  std::uint32_t connection_id_;
  std::atomic<server_session_state> state_{server_session_state::init};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> transactions_{0};
  state_versions versions_;
};

}  // namespace sessiongate::session
