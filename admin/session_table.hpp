// What SHOW PROXYSESSION and GET /v1/sessions list.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace sessiongate::admin {

/// Those with a name in SQL are the original's 13, in its order.
std::span<const column> session_columns();

/// RFC 3339 in UTC, with milliseconds.
std::string format_time(session::client_session::clock::time_point at);

/// The sessions that `who` may see, by cs_id.
std::vector<session::client_session_ptr> visible_sessions(const principal& who, const session::registry& sessions);

/// A row for each of them.
std::vector<std::vector<cell>> session_rows(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
