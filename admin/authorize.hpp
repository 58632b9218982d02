// Who may see and end what: the one place that decides, for SQL and HTTP alike.
#pragma once

#include "admin/principal.hpp"
#include "session/client_session.hpp"

#include <cstdint>

namespace sessiongate::admin {

enum class verdict : std::uint8_t {
  allowed,
  not_owner,  // exists, in the caller's own cluster and tenant, but is another user's: 1095
  hidden,     // must look as if it did not exist: 1094
};

/// proxysys, operators and tokens: everything. An account: its own sessions, that is those of the same user, tenant and
/// cluster. Others of the same tenant and cluster are not_owner, everything else is hidden.
verdict may_end(const principal& who, const session::client_session& target);

/// Listings show the sessions that the caller might end; reading another's session in detail obeys may_end() too.
bool may_see(const principal& who, const session::client_session& target);

}  // namespace sessiongate::admin
