// What was asked to be killed, by whom, and what came of it: a ring with a limit, and the only memory of kills that
// were refused. execute() writes it, one record for each target, whoever asks and over whichever face. Any thread.
#pragma once

#include "admin/command.hpp"
#include "admin/command_kind.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"
#include "session/registry.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::admin {

struct kill_record {
  std::uint64_t number = 0;  // 1, 2, 3 … without gaps; given by the log
  std::chrono::system_clock::time_point at{};
  principal by;
  command_kind verb = command_kind::kill_session;
  std::optional<session_id> id{};  // as it was given; none: a kill of several that was refused as a whole
  kill_end end = kill_end::killed;
  kill_outcome target;                                // cs_id 0: none was found
  std::shared_ptr<const session::identity> identity;  // the target's; null: none was found
  std::string message;                                // of a kill that failed
};

/// Who wants what of whom, before anything is done. The target's identity is kept when `id` names one session, which
/// may be gone afterwards.
kill_record begin_record(const command& what, const principal& who, const session::registry& sessions);

/// What came of it.
kill_record conclude(kill_record begun, const result& done);

class kill_log {
 public:
  /// Zero keeps none.
  explicit kill_log(std::size_t limit) : limit_(limit) {}

  void add(kill_record done);
  /// The last one first.
  [[nodiscard]] std::vector<kill_record> list() const;
  /// Whether a session with this cs_id is the target of one that is kept.
  [[nodiscard]] bool holds(std::uint32_t cs_id) const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::uint64_t last_number_ = 0;
  std::deque<kill_record> kept_;
  boost::unordered_flat_map<std::uint32_t, std::size_t> targets_;  // cs_id -> how many of them
};

}  // namespace sessiongate::admin
