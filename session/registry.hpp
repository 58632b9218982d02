// Every client session of the process, found by any of its ids.
//
// Two indexes, each striped over mutexes that are held for a hash-map step only: cs_id -> session, and connection_id ->
// the cs_ids that hold a server session of that number (ids of different backends may coincide). No two locks are ever
// held together, so a hit in the second index is verified against the session itself: a stale miss is possible, a wrong
// hit is not. All members may be called from any thread.
#pragma once

#include "session/client_session.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sessiongate::session {

using client_session_ptr = std::shared_ptr<client_session>;

/// One mutex, one map. The registry is a thin wrapper over several of these.
template <class Key, class Value>
class registry_stripe {
 public:
  /// Runs `step(map)` under the lock. It must not run a session's destructor: hand such values out.
  template <class Step>
  auto with(Step step) {
    const std::lock_guard lock(mutex_);
    return step(map_);
  }

 private:
  std::mutex mutex_;
  boost::unordered_flat_map<Key, Value> map_;
};

class registry {
 public:
  static constexpr std::size_t stripe_count = 16;  // ids are sequential: their low bits spread evenly

  registry() = default;
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  /// False when the session's cs_id is the number of a live cs_id or connection_id: take other ids.
  [[nodiscard]] bool add(const client_session_ptr& session);
  /// Idempotent. The session's connection_ids must have been unbound.
  void remove(std::uint32_t cs_id);

  /// Makes a server session's number lead to its client session. False when the number is a live cs_id: the backend
  /// must be dialled again, for one number must never mean two sessions.
  [[nodiscard]] bool bind(std::uint32_t connection_id, std::uint32_t cs_id);
  void unbind(std::uint32_t connection_id, std::uint32_t cs_id);

  /// By cs_id, connection_id or proxy_sessid. None: unknown. Several: a connection_id that more than one backend gave.
  [[nodiscard]] std::vector<client_session_ptr> find(std::uint64_t id) const;
  /// By cs_id alone; null when there is none.
  [[nodiscard]] client_session_ptr find_client(std::uint32_t cs_id) const;
  /// By connection_id alone.
  [[nodiscard]] std::vector<client_session_ptr> find_holders(std::uint32_t connection_id) const;

  /// All sessions, stripe by stripe: not a snapshot of one moment.
  [[nodiscard]] std::vector<client_session_ptr> list() const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct alignas(64) client_stripe : registry_stripe<std::uint32_t, client_session_ptr> {};
  struct alignas(64) connection_stripe : registry_stripe<std::uint32_t, std::vector<std::uint32_t>> {};

  client_stripe& clients(std::uint32_t cs_id) const { return clients_[cs_id % stripe_count]; }
  connection_stripe& connections(std::uint32_t id) const { return connections_[id % stripe_count]; }

  mutable std::array<client_stripe, stripe_count> clients_;
  mutable std::array<connection_stripe, stripe_count> connections_;
};

}  // namespace sessiongate::session
