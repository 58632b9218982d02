// The ids that the proxy makes. All sources are process-wide and may be used from any thread.
//
//   cs_id         2^30 .. 2^31-1: positive in signed 32-bit clients, far above the ids a server counts up from
//   proxy_sessid  2^62 .. 2^63-1: positive in signed 64-bit clients; its low 30 bits are those of the cs_id, so one
//                 look-up serves both
//   ss_id         1, 2, 3 …, never reused
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_set>
#include <vector>

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

/// A cs_id comes again after 2^30 sessions at the soonest, and not within the reuse delay after its session has ended.
/// For this there is one time for each block of 2^16 ids, when the last session in it ended, and a block is entered
/// only when that is long enough ago; ids of the block that ids are taken from now are remembered one by one. Should
/// all blocks be too young (that takes 2^30 sessions in one delay), the one that has rested the longest is taken.
class id_source {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr clock::duration default_reuse_delay = std::chrono::hours(1);
  static constexpr std::uint32_t block_size = 1U << 16U;

  /// Counts up from a random 62-bit start: runs of ids of different proxies and of restarts do not meet.
  explicit id_source(clock::duration reuse_delay = default_reuse_delay);
  explicit id_source(std::uint64_t start, clock::duration reuse_delay = default_reuse_delay);

  client_session_ids next_client_session(clock::time_point now = clock::now());
  /// The session has ended. To be told before the registry forgets it, so that its id is at no moment free.
  void retire(std::uint32_t cs_id, clock::time_point now = clock::now());
  std::uint64_t next_server_session() { return next_server_.fetch_add(1, std::memory_order_relaxed); }

 private:
  void enter_block(clock::time_point now);

  const clock::duration reuse_delay_;
  std::mutex mutex_;  // held for a few steps; for all of the next three
  std::uint64_t next_client_;
  std::vector<clock::time_point> ended_;  // for each block, when a session in it ended last
  std::unordered_set<std::uint32_t>
      ahead_;  // cs_ids of this block that are still to come, and that ended since it was entered
  std::atomic<std::uint64_t> next_server_{1};
};

}  // namespace sessiongate::session
