// How long the kernel lets a thread run before another one that is ready has its turn.
#pragma once

#include <chrono>

namespace sessiongate::proxy {

/// For the calling thread: one whose work is long and not urgent keeps others from their core for no longer than this.
/// From Linux 6.12 on; before, and where it is not allowed, nothing changes.
/// `nice`: how much less of the core it gets, where others want it, too (setpriority(2)).
void set_time_slice(std::chrono::nanoseconds slice, int nice);

}  // namespace sessiongate::proxy
