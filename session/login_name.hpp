// The login name as the client wrote it, and its parts. Tenant and cluster are labels: they route and they are shown,
// they grant nothing.
#pragma once

#include <string>
#include <string_view>

namespace sessiongate::session {

struct login_name {
  std::string user;     // what the backend gets
  std::string tenant;   // empty when not given
  std::string cluster;  // empty when not given
};

/// Forms: `user`, `user@tenant`, `user#cluster`, `user@tenant#cluster`, `cluster:tenant:user`. The last `@` and the
/// last `#` separate, so that a user name may contain them itself when the labels are written out. Every text is some
/// login name: there is no error.
login_name parse_login_name(std::string_view text);

}  // namespace sessiongate::session
