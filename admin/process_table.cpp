#include "admin/process_table.hpp"

#include "admin/breather.hpp"
#include "admin/cells.hpp"
#include "admin/session_table.hpp"
#include "admin/statement_mask.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace sessiongate::admin {

namespace {

using session::client_session;

constexpr std::size_t short_info_max = 100;    // bytes, without FULL
constexpr std::size_t mysql_column_count = 8;  // the first ones

constexpr column columns[] = {
    {.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db"},
    {.sql_name = "Command", .json_name = "command"},
    {.sql_name = "Time", .json_name = "time", .type = value_type::signed_integer},
    {.sql_name = "State", .json_name = "state"},
    {.sql_name = "Info", .json_name = "info"},
    {.sql_name = "connection_id", .json_name = "connection_id", .type = value_type::signed_integer},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "backend", .json_name = "backend"},
    {.sql_name = "waits_us", .json_name = "waits_us", .type = value_type::signed_integer},
    {.sql_name = "queued_bytes", .json_name = "queued_bytes", .type = value_type::signed_integer},
    {.sql_name = "time_us", .json_name = "time_us", .type = value_type::signed_integer},
    {.sql_name = "transaction_us", .json_name = "transaction_us", .type = value_type::signed_integer},
    {.sql_name = "requests", .json_name = "requests", .type = value_type::signed_integer},
    {.sql_name = "bytes_from_client", .json_name = "bytes_from_client", .type = value_type::signed_integer},
    {.sql_name = "bytes_from_server", .json_name = "bytes_from_server", .type = value_type::signed_integer},
    {.sql_name = "program", .json_name = "program"},
    {.sql_name = "driver", .json_name = "driver"},
    {.sql_name = "client_pid", .json_name = "client_pid"},
    {.sql_name = "statement_bytes", .json_name = "statement_bytes", .type = value_type::signed_integer},
    {.sql_name = "recoverable_when_ended", .json_name = "recoverable_when_ended"},
    {.sql_name = "recoverable_when_lost", .json_name = "recoverable_when_lost"},
    {.json_name = "idle", .type = value_type::signed_integer},  // seconds; NULL while a command runs
    {.json_name = "age", .type = value_type::signed_integer},   // seconds since it was accepted
    {.json_name = "in_transaction", .type = value_type::boolean},
    {.json_name = "address"},  // the client's, without the port
};

std::string find_attribute(const session::identity& who, std::string_view name) {
  const auto found = std::ranges::find(who.attributes, name, [](const auto& each) { return each.first; });
  return found == who.attributes.end() ? std::string() : found->second;
}

std::string describe_driver(const session::identity& who) {
  auto driver = find_attribute(who, "_client_name");
  if (const auto version = find_attribute(who, "_client_version"); !version.empty()) driver += ' ' + version;
  return driver;
}

template <class Unit>
std::int64_t elapsed(session::ticks then) {
  return std::chrono::duration_cast<Unit>(session::elapsed_since(then)).count();
}

/// Whether it gets another server session when its own goes.
std::string describe_outlook(session::recovery_obstacle obstacle) {
  return std::string(obstacle == session::recovery_obstacle::none ? "yes" : to_text(obstacle));
}

std::string describe_command(const client_session& each) {
  if (each.state() == session::client_session_state::init) return "Connect";
  return std::string(protocol::command_name(each.activity().command()));
}

/// Seconds without a command; a login is none.
cell idle_seconds(const client_session& each) {
  const bool idle =
      each.state() != session::client_session_state::init && each.activity().command() == protocol::command::sleep;
  return idle ? to_cell(elapsed<std::chrono::seconds>(each.activity().since())) : cell();
}

cell age_seconds(const client_session& each) {
  const auto age = client_session::clock::now() - each.accepted_at();
  return to_cell(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(age).count()));
}

}  // namespace

std::vector<cell> process_row(const client_session& each, bool full) {
  using std::chrono::microseconds;
  const auto who = each.who();
  const auto servers = each.server_sessions();
  const bool served = !servers.empty();
  const auto& activity = each.activity();
  const auto waits = activity.waits();
  const auto transaction = activity.transaction_since();
  const auto statement = activity.statement(each.cs_id());
  auto info = statement ? mask_literals(statement->text) : std::string();
  if (!full && info.size() > short_info_max) info.resize(short_info_max);
  return {to_cell(each.cs_id()),
          who->user,
          each.client().text(),
          null_when_empty(*each.database()),
          describe_command(each),
          to_cell(elapsed<std::chrono::seconds>(activity.since())),
          std::string(to_text(waits.what)),
          null_when_empty(std::move(info)),
          served ? to_cell(servers.front()->connection_id()) : cell(),
          who->tenant,
          who->cluster,
          served ? cell(servers.front()->backend().text()) : cell(),
          to_cell(elapsed<microseconds>(waits.since)),
          to_cell(waits.queued),
          to_cell(elapsed<microseconds>(activity.since())),
          transaction == 0 ? cell() : to_cell(elapsed<microseconds>(transaction)),
          to_cell(served ? servers.front()->request_count() : 0),
          to_cell(activity.bytes_from_client()),
          to_cell(activity.bytes_from_server()),
          null_when_empty(find_attribute(*who, "program_name")),
          null_when_empty(describe_driver(*who)),
          null_when_empty(find_attribute(*who, "_pid")),
          statement ? to_cell(statement->size) : cell(),
          describe_outlook(each.obstacle_when_ended()),
          describe_outlook(each.obstacle_when_lost()),
          idle_seconds(each),
          age_seconds(each),
          each.in_transaction(),
          each.client().address};
}

std::span<const column> process_columns() {
  return columns;
}

std::span<const column> mysql_process_columns() {
  static constexpr auto made = [] {
    auto all = std::to_array(columns);
    for (auto at = mysql_column_count; at < all.size(); ++at) all[at].sql_name = {};
    return all;
  }();
  return made;
}

std::vector<std::vector<cell>> process_rows(const show_table& asked, const principal& who, execution_context& context) {
  const auto found = visible_sessions(who, context.sessions);
  std::vector<std::vector<cell>> rows;
  rows.reserve(found.size());
  breather pause;
  for (const auto& each : found) {
    rows.push_back(process_row(*each, asked.full));
    pause.step();
  }
  return rows;
}

}  // namespace sessiongate::admin
