// The session that an id names, for one caller: looked up and authorized in one step, so that nobody learns of a
// session that it may not see.
#pragma once

#include "admin/command_kind.hpp"
#include "admin/execution_context.hpp"
#include "admin/failure.hpp"
#include "admin/principal.hpp"
#include "session/registry.hpp"

#include <cstdint>
#include <variant>

namespace sessiongate::admin {

/// The one session that `id` names for this caller, who may do to it what the command does. A failure: unknown_id,
/// which tells of the session that had the id and has ended if the caller may know of that; not_owner; or ambiguous
/// with the candidates that the caller may see.
std::variant<session::client_session_ptr, failure> find_target(const session_id& id, const principal& who,
                                                               command_kind kind, const execution_context& context);

}  // namespace sessiongate::admin
