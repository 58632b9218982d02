// Takes a backend out of use, and back: new logins avoid it, and its sessions end gently, as in any drain. execute()
// calls it for every face.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

namespace sessiongate::admin {

/// Gives the row of the drain of its sessions.
result begin_backend_drain(const drain_backend& what, const principal& who, execution_context& context);
/// The drain of its sessions is taken back, too.
result end_backend_drain(const undrain_backend& what, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
