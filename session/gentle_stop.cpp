#include "session/gentle_stop.hpp"

#include <atomic>

namespace sessiongate::session {

stop_mark next_stop_mark() {
  static std::atomic<stop_mark> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace sessiongate::session
