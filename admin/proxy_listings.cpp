#include "admin/proxy_listings.hpp"

#include "admin/authorize.hpp"
#include "admin/cells.hpp"
#include "admin/proxy_view.hpp"
#include "admin/session_table.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sessiongate::admin {

namespace {

constexpr auto number = value_type::unsigned_integer;

constexpr column config[] = {
    {.sql_name = "name", .json_name = "name"},
    {.sql_name = "value", .json_name = "value"},
    {.sql_name = "info", .json_name = "info"},
    {.sql_name = "need_reboot", .json_name = "need_reboot", .type = value_type::boolean},
    {.sql_name = "visible_level", .json_name = "visible_level"},
};

constexpr column thread[] = {
    {.sql_name = "net_thread_id", .json_name = "net_thread_id", .type = number},
    {.sql_name = "current_client_connection_count", .json_name = "current_client_connection_count", .type = number},
    {.sql_name = "total_client_connection_count", .json_name = "total_client_connection_count", .type = number},
    {.sql_name = "total_logins", .json_name = "total_logins", .type = number},
    {.sql_name = "total_commands", .json_name = "total_commands", .type = number},
    {.sql_name = "total_admin_commands", .json_name = "total_admin_commands", .type = number},
    {.sql_name = "total_client_read_bytes", .json_name = "total_client_read_bytes", .type = number},
    {.sql_name = "total_server_read_bytes", .json_name = "total_server_read_bytes", .type = number},
};

constexpr column connection[] = {
    {.sql_name = "thread_id", .json_name = "thread_id", .type = number},
    {.sql_name = "cs_id", .json_name = "cs_id", .type = number},
    {.sql_name = "ss_id", .json_name = "ss_id", .type = number},
    {.sql_name = "type", .json_name = "type"},
    {.sql_name = "src_ip", .json_name = "src_ip"},
    {.sql_name = "src_port", .json_name = "src_port", .type = number},
    {.sql_name = "dst_ip", .json_name = "dst_ip"},
    {.sql_name = "dst_port", .json_name = "dst_port", .type = number},
    {.sql_name = "alive_time(sec)", .json_name = "alive_seconds", .type = number},
    {.sql_name = "state", .json_name = "state"},
};

constexpr column statistic[] = {
    {.sql_name = "stat_name", .json_name = "stat_name"},
    {.sql_name = "value", .json_name = "value", .type = number},
};

constexpr column memory[] = {
    {.sql_name = "mod_name", .json_name = "mod_name"},
    {.sql_name = "mod_type", .json_name = "mod_type"},
    {.sql_name = "hold", .json_name = "hold", .type = number},
    {.sql_name = "used", .json_name = "used", .type = number},
    {.sql_name = "count", .json_name = "count", .type = number},
    {.sql_name = "avg_used", .json_name = "avg_used", .type = number},
};

constexpr column fact[] = {
    {.sql_name = "name", .json_name = "name"},
    {.sql_name = "info", .json_name = "info"},
};

constexpr column backend[] = {
    {.sql_name = "cluster_name", .json_name = "cluster_name"},
    {.sql_name = "server", .json_name = "server"},
    {.sql_name = "version", .json_name = "version"},
    {.sql_name = "state", .json_name = "state"},
    {.sql_name = "svr_session_count", .json_name = "svr_session_count", .type = number},
    {.sql_name = "health", .json_name = "health"},
    {.sql_name = "reason", .json_name = "reason"},
    {.sql_name = "since", .json_name = "since"},
    {.sql_name = "retry_ms", .json_name = "retry_ms", .type = number},
    {.sql_name = "addresses", .json_name = "addresses"},
    {.sql_name = "backend_order", .json_name = "backend_order"},
    {.sql_name = "weight", .json_name = "weight", .type = number},
    {.sql_name = "credentials", .json_name = "credentials"},
    {.sql_name = "login_count", .json_name = "login_count", .type = number},
    {.sql_name = "failure_count", .json_name = "failure_count", .type = number},
    {.sql_name = "connect_us", .json_name = "connect_us", .type = number},
    {.sql_name = "check_us", .json_name = "check_us", .type = number},
    {.sql_name = "check_problem", .json_name = "check_problem"},
    {.sql_name = "read_only", .json_name = "read_only", .type = value_type::boolean},
    {.sql_name = "risky_routines", .json_name = "risky_routines", .type = number},
};

cell count(std::uint64_t value) {
  return value;
}

cell count_or_null(std::int64_t value) {
  return value <= 0 ? cell() : count(static_cast<std::uint64_t>(value));
}

std::uint64_t seconds_since(session::client_session::clock::time_point then) {
  const auto lived = session::client_session::clock::now() - then;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(lived).count()));
}

void add_connections(table_rows& rows, const session::client_session& each) {
  const auto tid = static_cast<std::uint64_t>(each.worker_tid());
  const auto alive = count(seconds_since(each.accepted_at()));
  rows.push_back({count(tid), count(each.cs_id()), cell(), std::string("accepted"), each.client().address,
                  count(each.client().port), cell(), cell(), alive, std::string(session::to_text(each.state()))});
  for (const auto& server : each.server_sessions()) {
    rows.push_back({count(tid), count(each.cs_id()), count(server->ss_id()), std::string("connected"), cell(), cell(),
                    server->backend().address, count(server->backend().port), cell(),
                    std::string(session::to_text(server->state()))});
  }
}

}  // namespace

std::span<const column> config_columns() {
  return config;
}

table_rows config_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (auto& each : context.proxy->settings()) {
    rows.push_back(
        {std::move(each.name), std::move(each.value), std::move(each.info), each.need_reboot, std::string("SYS")});
  }
  return rows;
}

std::span<const column> thread_columns() {
  return thread;
}

table_rows thread_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (const auto& each : context.proxy->threads()) {
    rows.push_back({count(static_cast<std::uint64_t>(each.tid)), count(each.client_sessions), count(each.accepted),
                    count(each.logins), count(each.commands), count(each.admin_commands), count(each.client_bytes),
                    count(each.backend_bytes)});
  }
  return rows;
}

std::span<const column> connection_columns() {
  return connection;
}

table_rows connection_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  auto found = context.sessions.list();
  std::ranges::sort(found, {}, [](const auto& each) { return each->cs_id(); });
  table_rows rows;
  for (const auto& each : found) add_connections(rows, *each);
  return rows;
}

std::span<const column> statistic_columns() {
  return statistic;
}

table_rows statistic_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (auto& each : context.proxy->statistics()) rows.push_back({std::move(each.name), count(each.value)});
  return rows;
}

std::span<const column> memory_columns() {
  return memory;
}

table_rows memory_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (auto& each : context.proxy->memory()) {
    const auto average = each.count == 0 ? 0 : each.used / each.count;
    rows.push_back({std::move(each.name), std::move(each.type), count(each.hold), count(each.used), count(each.count),
                    count(average)});
  }
  return rows;
}

std::span<const column> fact_columns() {
  return fact;
}

table_rows fact_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (auto& each : context.proxy->facts()) rows.push_back({std::move(each.name), std::move(each.info)});
  return rows;
}

std::span<const column> backend_columns() {
  return backend;
}

table_rows backend_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& context) {
  table_rows rows;
  for (auto& each : context.proxy->backends()) {
    rows.push_back({std::move(each.cluster),
                    std::move(each.address),
                    null_when_empty(std::move(each.version)),
                    std::move(each.state),
                    count(each.server_sessions),
                    std::move(each.health),
                    null_when_empty(std::move(each.reason)),
                    format_time(each.since),
                    each.retry ? count(static_cast<std::uint64_t>(each.retry->count())) : cell(),
                    null_when_empty(std::move(each.addresses)),
                    std::move(each.order),
                    count(each.weight),
                    std::move(each.credentials),
                    count(each.logins),
                    count(each.failures),
                    count_or_null(each.connect_time.count()),
                    count_or_null(each.check_time.count()),
                    null_when_empty(std::move(each.check_problem)),
                    each.read_only ? cell(*each.read_only) : cell(),
                    each.risky_routines ? count(*each.risky_routines) : cell()});
  }
  return rows;
}

}  // namespace sessiongate::admin
