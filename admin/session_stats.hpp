// What SHOW PROXYSESSION STAT [id] and GET /v1/sessions/{id}/stats list: the original's names, of what means something
// here, with what was counted of one session. Times are microseconds, sizes bytes.
#pragma once

#include "admin/command.hpp"
#include "admin/table.hpp"
#include "session/client_session.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> stat_columns();
std::vector<std::vector<cell>> stat_rows(const show_table& asked, const session::client_session& target);

}  // namespace sessiongate::admin
