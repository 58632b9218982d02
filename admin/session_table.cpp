#include "admin/session_table.hpp"

#include "admin/authorize.hpp"
#include "admin/breather.hpp"
#include "admin/cells.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <utility>

namespace sessiongate::admin {

namespace {

using session::client_session;

constexpr std::array<column, 19> columns{{
    {.sql_name = "proxy_sessid", .json_name = "proxy_sessid", .type = value_type::wide_id},
    {.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db", .sql_null = "NULL"},
    {.sql_name = "trans_count", .json_name = "trans_count", .type = value_type::signed_integer},
    {.sql_name = "svr_session_count", .json_name = "svr_session_count", .type = value_type::signed_integer},
    {.sql_name = "state", .json_name = "state"},
    {.sql_name = "tid", .json_name = "tid", .type = value_type::signed_integer},
    {.sql_name = "pid", .json_name = "pid", .type = value_type::signed_integer},
    {.sql_name = "using_ssl", .json_name = "using_ssl", .type = value_type::boolean},
    {.json_name = "connection_id", .type = value_type::signed_integer},
    {.json_name = "backend"},
    {.json_name = "in_transaction", .type = value_type::boolean},
    {.json_name = "running", .type = value_type::boolean},
    {.json_name = "connected_at"},
    {.json_name = "address"},  // the client's, without the port
}};

std::vector<cell> to_row(const client_session& each, std::int32_t process_id) {
  const auto who = each.who();
  const auto servers = each.server_sessions();
  const bool served = !servers.empty();
  return {each.proxy_sessid(),
          to_cell(each.cs_id()),
          to_cell(who->cluster),
          to_cell(who->tenant),
          to_cell(who->user),
          to_cell(each.client().text()),
          null_when_empty(*each.database()),
          to_cell(each.transaction_count()),
          to_cell(servers.size()),
          to_cell(std::string(session::to_text(each.state()))),
          to_cell(each.worker_tid()),
          to_cell(process_id),
          each.using_ssl(),
          served ? to_cell(servers.front()->connection_id()) : cell(),
          served ? to_cell(servers.front()->backend().text()) : cell(),
          each.in_transaction(),
          each.statement_running(),
          to_cell(format_time(each.accepted_at())),
          to_cell(each.client().address)};
}

}  // namespace

std::string format_time(client_session::clock::time_point at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(at - seconds);
  const auto time = client_session::clock::to_time_t(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::ostringstream text;
  text << std::put_time(&parts, "%Y-%m-%dT%H:%M:%S.") << std::setfill('0') << std::setw(3) << milliseconds.count()
       << 'Z';
  return std::move(text).str();
}

std::span<const column> session_columns() {
  return columns;
}

std::vector<session::client_session_ptr> visible_sessions(const principal& who, const session::registry& sessions) {
  auto found = sessions.list();
  breather pause;
  std::erase_if(found, [&](const auto& each) {
    pause.step();
    return may(who, command_kind::list_sessions, *each) != verdict::allowed;
  });
  std::ranges::sort(found, {}, [](const auto& each) { return each->cs_id(); });
  return found;
}

std::vector<std::vector<cell>> session_rows(const show_table& /*asked*/, const principal& who,
                                            execution_context& context) {
  const auto found = visible_sessions(who, context.sessions);
  std::vector<std::vector<cell>> rows;
  rows.reserve(found.size());
  breather pause;
  for (const auto& each : found) {
    rows.push_back(to_row(*each, context.process_id));
    pause.step();
  }
  return rows;
}

}  // namespace sessiongate::admin
