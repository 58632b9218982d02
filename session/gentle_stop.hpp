// A stop that waits for the session's own pace. Whoever asks for one leaves a mark on the session, which stays until
// the session ends, by it or otherwise, or until the mark is withdrawn.
#pragma once

#include "session/stop_reason.hpp"

#include <cstdint>

namespace sessiongate::session {

/// What has to be over before the session may be ended.
enum class resting_point : std::uint8_t { statement, transaction };

using stop_mark = std::uint64_t;
/// A number for a new mark; of the whole process. Any thread.
stop_mark next_stop_mark();

struct gentle_stop {
  resting_point after = resting_point::transaction;
  stop_request why{};
  std::uint64_t ss_id = 0;      // this server session only; 0: the whole client session
  bool leaves_backend = false;  // because its backend is taken out of use
  stop_mark mark = next_stop_mark();
};

}  // namespace sessiongate::session
