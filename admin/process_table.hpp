// What SHOW [FULL] PROXYPROCESSLIST and GET /v1/processes list: MySQL's eight columns, and behind them what each
// session waits for, its transaction, its traffic, and what its client said about itself.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/table.hpp"
#include "session/client_session.hpp"

#include <span>
#include <vector>

namespace sessiongate::admin {

std::span<const column> process_columns();
/// As SHOW PROCESSLIST has them where the proxy answers it: the eight. The others can be asked for in a filter.
std::span<const column> mysql_process_columns();

/// The row of one session; process_columns() tells what stands where.
std::vector<cell> process_row(const session::client_session& of, bool full);

/// The sessions that `who` may see, by cs_id. Without FULL a statement is cut to 100 bytes, as in MySQL. Literals are
/// masked.
std::vector<std::vector<cell>> process_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
