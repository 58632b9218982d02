// Who asks. Made from what was authenticated, never from what was only written.
#pragma once

#include <cstdint>
#include <string>

namespace sessiongate::admin {

enum class principal_kind : std::uint8_t {
  account,    // a backend account: the backend checked its password
  operators,  // a backend account that the configuration names as an operator
  proxysys,   // root@proxysys, the proxy's own account
  token,      // the bearer of an HTTP token
};

struct principal {
  principal_kind kind = principal_kind::account;
  std::string user;    // accounts and operators only
  std::string tenant;  // a label, compared to tell one's own sessions
  std::string cluster;
  std::uint32_t cs_id = 0;  // the session that asks; 0 over HTTP
};

/// For logs and close reasons: `root@sys#obdemo (cs_id 1073741830)`, `root@proxysys (…)`, `http token`.
std::string to_text(const principal& who);

}  // namespace sessiongate::admin
