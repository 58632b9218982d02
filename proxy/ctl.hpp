// `sessiongate ctl …`: the admin API from a shell, or from an image that has none. The words of a command are those of
// the command table.
#pragma once

#include "proxy/config.hpp"

#include <iosfwd>

namespace sessiongate::proxy {

/// `argv[0]` is the word `ctl`. Gives the exit code: 0 done, 1 the proxy refused or failed, 2 wrong usage, 3 the proxy
/// cannot be reached.
int run_ctl(int argc, const char* const* argv, const environment& env, std::ostream& out, std::ostream& errors);

}  // namespace sessiongate::proxy
