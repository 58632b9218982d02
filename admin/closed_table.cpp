#include "admin/closed_table.hpp"

#include "admin/authorize.hpp"
#include "admin/cells.hpp"
#include "admin/session_table.hpp"

#include "session/closed_sessions.hpp"

#include <chrono>
#include <string>

namespace sessiongate::admin {

namespace {

constexpr column columns[] = {
    {.sql_name = "proxy_sessid", .json_name = "proxy_sessid", .type = value_type::wide_id},
    {.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db"},
    {.sql_name = "reason", .json_name = "reason"},
    {.sql_name = "detail", .json_name = "detail"},
    {.sql_name = "closed_at", .json_name = "closed_at"},
    {.sql_name = "connected_at", .json_name = "connected_at"},
    {.sql_name = "lived_ms", .json_name = "lived_ms", .type = value_type::signed_integer},
    {.sql_name = "connection_id", .json_name = "connection_id", .type = value_type::signed_integer},
    {.sql_name = "trans_count", .json_name = "trans_count", .type = value_type::signed_integer},
    {.sql_name = "bytes_from_client", .json_name = "bytes_from_client", .type = value_type::signed_integer},
    {.sql_name = "bytes_from_server", .json_name = "bytes_from_server", .type = value_type::signed_integer},
    {.sql_name = "was_running", .json_name = "was_running", .type = value_type::boolean},
    {.sql_name = "was_in_transaction", .json_name = "was_in_transaction", .type = value_type::boolean},
};

std::vector<cell> to_row(const session::closed_session& gone) {
  const auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(gone.closed_at - gone.accepted_at);
  return {gone.ids.proxy_sessid,
          to_cell(gone.ids.cs_id),
          gone.who->cluster,
          gone.who->tenant,
          gone.who->user,
          gone.client.text(),
          null_when_empty(*gone.database),
          std::string(session::to_text(gone.why.reason)),
          null_when_empty(gone.why.detail),
          format_time(gone.closed_at),
          format_time(gone.accepted_at),
          to_cell(lived.count()),
          gone.connection_id == 0 ? cell() : to_cell(gone.connection_id),
          to_cell(gone.transactions),
          to_cell(gone.bytes_from_client),
          to_cell(gone.bytes_from_server),
          gone.was_running,
          gone.was_in_transaction};
}

}  // namespace

std::span<const column> closed_columns() {
  return columns;
}

std::vector<std::vector<cell>> closed_rows(const show_table& /*asked*/, const principal& who,
                                           execution_context& context) {
  std::vector<std::vector<cell>> rows;
  if (context.closed == nullptr) return rows;
  for (const auto& each : context.closed->list()) {
    if (may_see_ended(who, each.logged_in ? each.who.get() : nullptr)) rows.push_back(to_row(each));
  }
  return rows;
}

}  // namespace sessiongate::admin
