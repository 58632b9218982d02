// What SHOW PROXYSESSION ATTRIBUTE and GET /v1/sessions/{id} tell about one session: the original's 22 rows, and 17 for
// each server session, in its order.
#pragma once

#include "admin/result.hpp"
#include "admin/table_query.hpp"
#include "session/client_session.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace sessiongate::admin {

struct detail_options {
  bool is_caller = false;  // the session that asks is active, whatever the record says
  std::int32_t process_id = 0;
};

session_detail describe_session(const session::client_session& target, const detail_options& options);

/// attribute_name, value and info: what SQL shows.
std::span<const column> attribute_columns();

/// One row for each attribute.
table flatten(const session_detail& detail);

/// Keeps the attributes whose rows match; groups that lose all stay, empty. Order and limits are kept for the rows that
/// are made of the detail (session_detail::shown): a JSON object has neither.
std::optional<failure> apply(const table_query& query, session_detail& detail);

}  // namespace sessiongate::admin
