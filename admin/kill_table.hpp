// What SHOW PROXYSESSION KILLS and GET /v1/kills list: who asked for which kill, and what came of it.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> kill_columns();

/// The last one first: what `who` asked for itself, and the kills of sessions that it might have seen.
std::vector<std::vector<cell>> kill_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
