#include "admin/authorize.hpp"

namespace sessiongate::admin {

verdict may_end(const principal& who, const session::client_session& target) {
  if (who.kind != principal_kind::account) return verdict::allowed;
  if (who.cs_id == target.cs_id()) return verdict::allowed;
  const auto owner = target.who();
  if (owner->tenant != who.tenant || owner->cluster != who.cluster) return verdict::hidden;
  // Before its login a session has no user: an account with an empty name does not own it.
  const bool logged_in = target.state() != session::client_session_state::init;
  return logged_in && owner->user == who.user ? verdict::allowed : verdict::not_owner;
}

bool may_see(const principal& who, const session::client_session& target) {
  return may_end(who, target) == verdict::allowed;
}

}  // namespace sessiongate::admin
