// A clock for the data path: reading it is one instruction where the processor has a counter of constant rate, and no
// call into the kernel's clock. Only differences count, and they become durations when somebody looks at them: the
// counter's rate is what it was between the process's start and now.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace sessiongate::session {

using ticks = std::uint64_t;  // zero: no time

inline ticks now_ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  ticks now = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(now));
  return now;
#else
  return static_cast<ticks>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

std::chrono::nanoseconds to_duration(ticks difference);
ticks to_ticks(std::chrono::nanoseconds duration);
/// How long ago that was; never negative, whatever processor read the counter.
std::chrono::nanoseconds elapsed_since(ticks then);
/// The time of day then.
std::chrono::system_clock::time_point to_time(ticks then);

}  // namespace sessiongate::session
