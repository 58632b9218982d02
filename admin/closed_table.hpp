// What SHOW PROXYSESSION CLOSED and GET /v1/closed-sessions list: the sessions that ended last, and why.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> closed_columns();

/// Those that `who` might have seen while they lived, the last one first.
std::vector<std::vector<cell>> closed_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
