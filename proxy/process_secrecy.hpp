// What keeps the secrets of the configuration out of what others can read of the process. main() does it before it
// starts anything.
#pragma once

#include "proxy/config.hpp"

namespace sessiongate::proxy {

/// Unless --core-dumps is on: no core file is written, and only root may attach to the process or read its memory,
/// environment and open files under /proc.
void hide_memory(const config& settings);

/// Overwrites the values of the variables that hold secrets, so that /proc/…/environ does not show them, and unsets
/// them, so that no child gets them. What they said has been read by then. Needs that no other thread runs.
void wipe_secret_variables(const config& settings);

}  // namespace sessiongate::proxy
