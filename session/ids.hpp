// The ids that the proxy makes. All sources are process-wide and may be used from any thread.
//
//   cs_id         2^30 .. 2^31-1: positive in signed 32-bit clients, far above the ids a server counts up from
//   proxy_sessid  2^62 .. 2^63-1: positive in signed 64-bit clients; its low 30 bits are those of the cs_id, so one
//                 look-up serves both
//   ss_id         1, 2, 3 …, never reused
#pragma once

#include <atomic>
#include <cstdint>

namespace sessiongate::session {

struct client_session_ids {
  std::uint32_t cs_id = 0;
  std::uint64_t proxy_sessid = 0;
};

inline constexpr std::uint32_t cs_id_min = 1U << 30U;
inline constexpr std::uint64_t proxy_sessid_min = 1ULL << 62U;

constexpr bool is_proxy_sessid(std::uint64_t id) {
  return id >= proxy_sessid_min && id < 2 * proxy_sessid_min;
}

/// The cs_id that belongs to a proxy_sessid.
constexpr std::uint32_t cs_id_of(std::uint64_t proxy_sessid) {
  return cs_id_min | static_cast<std::uint32_t>(proxy_sessid & (cs_id_min - 1));
}

class id_source {
 public:
  /// Counts up from a random 62-bit start: runs of ids of different proxies and of restarts do not meet, and a cs_id
  /// comes again only after 2^30 sessions.
  id_source();
  explicit id_source(std::uint64_t start) : next_client_(start) {}

  client_session_ids next_client_session();
  std::uint64_t next_server_session() { return next_server_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> next_client_;
  std::atomic<std::uint64_t> next_server_{1};
};

}  // namespace sessiongate::session
