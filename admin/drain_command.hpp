// Begins drains and takes them back. execute() calls it for every face.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

namespace sessiongate::admin {

/// Every session that the predicate meets now, but the one that asks. Gives the drain's row.
result begin_drain(const start_drain& what, const principal& who, execution_context& context);
/// Gives the drain's row.
result end_drain(const cancel_drain& what, execution_context& context);

}  // namespace sessiongate::admin
