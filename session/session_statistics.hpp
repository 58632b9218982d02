// What is counted of one session for SHOW PROXYSESSION STAT. Made when the session sends its first command; counted by
// its worker, read by every thread.
#pragma once

#include "session/tally.hpp"
#include "session/ticks.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sessiongate::session {

enum class request_kind : std::uint8_t { select, insert, update, remove, prepared, other };  // prepared: executions
enum class response_kind : std::uint8_t { ok, error, result_set, other };

/// Up to 100 bytes, 1K, 3K, 5K, 10K, 1M, and above.
inline constexpr std::array<std::uint64_t, 6> size_limits{100, 1024, 3072, 5120, 10240, 1048576};

inline std::size_t size_class(std::uint64_t bytes) {
  std::size_t at = 0;
  while (at < size_limits.size() && bytes > size_limits[at]) ++at;
  return at;
}

struct session_statistics {
  std::array<tally, 6> requests;   // by request_kind, sent to the server
  std::array<tally, 4> responses;  // by response_kind
  std::array<tally, size_limits.size() + 1> request_sizes;
  std::array<tally, size_limits.size() + 1> response_sizes;
  tally server_time;        // ticks, from a request until its response begins
  tally response_time;      // from there to the response's end
  tally client_idle_time;   // between a response and the next request, inside a transaction
  tally client_write_time;  // while the client did not take what was to be sent
  tally transaction_time;   // of transactions that have ended
  tally internal_requests;  // answered by the proxy
  tally internal_bytes;     // of them
  tally internal_answer_bytes;
};

}  // namespace sessiongate::session
