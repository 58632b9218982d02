#include "session/ticks.hpp"

#include <algorithm>

namespace sessiongate::session {

namespace {

using steady = std::chrono::steady_clock;

struct start {
  steady::time_point time = steady::now();
  ticks count = now_ticks();
};

const start process_start;  // NOLINT(cert-err58-cpp): neither clock throws

/// Nanoseconds for each tick.
double rate() {
  constexpr auto enough = std::chrono::milliseconds(2);
  auto now = steady::now();
  while (now - process_start.time < enough) now = steady::now();  // once, when somebody asks right after the start
  const auto count = now_ticks() - process_start.count;
  const auto passed = std::chrono::duration<double, std::nano>(now - process_start.time).count();
  return passed / static_cast<double>(std::max<ticks>(count, 1));
}

}  // namespace

std::chrono::nanoseconds to_duration(ticks difference) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(difference) * rate()));
}

ticks to_ticks(std::chrono::nanoseconds duration) {
  return static_cast<ticks>(static_cast<double>(duration.count()) / rate());
}

std::chrono::nanoseconds elapsed_since(ticks then) {
  const auto now = now_ticks();
  return now > then ? to_duration(now - then) : std::chrono::nanoseconds(0);
}

std::chrono::system_clock::time_point to_time(ticks then) {
  return std::chrono::system_clock::now() -
         std::chrono::duration_cast<std::chrono::system_clock::duration>(elapsed_since(then));
}

}  // namespace sessiongate::session
