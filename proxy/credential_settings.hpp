// The part of the configuration that is about clusters' credentials, once all of it has been read: which variables it
// needs, and whether its files of users can be used.
#pragma once

#include "proxy/config.hpp"

#include <string>
#include <vector>

namespace sessiongate::proxy {

/// Takes up the variables that files of users name. What is wrong is appended to `errors`, without anything of a
/// password.
void settle_credentials(config& target, const environment& env, std::vector<std::string>& errors);

}  // namespace sessiongate::proxy
