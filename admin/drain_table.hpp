// What SHOW PROXYSESSION DRAINS and GET /v1/drains list: who drains what, and how far it is.
#pragma once

#include "admin/command.hpp"
#include "admin/drains.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> drain_columns();

/// The last one first.
std::vector<std::vector<cell>> drain_rows(const show_table& asked, const principal& who, execution_context& context);

/// One drain, as the listing shows it.
table to_table(const drain_report& one);

}  // namespace sessiongate::admin
