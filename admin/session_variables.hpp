// What SHOW PROXYSESSION VARIABLES [ALL] [id] and GET /v1/sessions/{id}/variables list: the original's five columns,
// from what is tracked of the session.
#pragma once

#include "admin/command.hpp"
#include "admin/table.hpp"
#include "session/client_session.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> variable_columns();

/// System variables that have changed, or with ALL every one that is known (all there are when the server was asked),
/// then user variables.
std::vector<std::vector<cell>> variable_rows(const show_table& asked, const session::client_session& target);

}  // namespace sessiongate::admin
