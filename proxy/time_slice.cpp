#include "proxy/time_slice.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cstdint>

namespace sessiongate::proxy {

namespace {

/// The kernel's struct sched_attr, in its first size; the C library has none.
struct scheduling {
  std::uint32_t size = sizeof(scheduling);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  // with SCHED_OTHER: the slice
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void set_time_slice(std::chrono::nanoseconds slice, int nice) {
  scheduling wanted;
  if (::syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) != 0) return;
  wanted.nice = std::max(wanted.nice, nice);  // less nice is not allowed
  wanted.runtime_ns = static_cast<std::uint64_t>(slice.count());
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace sessiongate::proxy
