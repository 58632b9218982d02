#include "admin/session_detail.hpp"

#include "admin/predicate.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

using attributes = std::vector<attribute>;

template <class Number>
cell to_cell(Number value) {
  return static_cast<std::int64_t>(value);
}

attribute_group describe_common(const session::client_session& target, const detail_options& options) {
  const auto who = target.who();
  const auto database = target.database();
  return {"cs common",
          {{"proxy_sessid", std::to_string(target.proxy_sessid())},  // text: it must survive JavaScript's numbers
           {"cs_id", to_cell(target.cs_id())},
           {"cluster", who->cluster},
           {"tenant", who->tenant},
           {"user", who->user},
           {"host_ip", target.client().address},
           {"host_port", to_cell(target.client().port)},
           {"db", database->empty() ? cell() : cell(*database), "NULL"},
           {"total_trans_cnt", to_cell(target.transaction_count())},
           {"svr_session_cnt", to_cell(target.server_sessions().size())},
           {"active", options.is_caller || target.statement_running()},
           {"read_state", std::string(session::to_text(target.state()))},
           {"tid", to_cell(target.worker_tid())},
           {"pid", to_cell(options.process_id)},
           {"idc_name", std::string()}}};
}

attributes version_attributes(const session::state_versions& versions) {
  using enum session::state_part;
  return {{"hot_sys_var_version", to_cell(versions.of(hot_system_variables))},
          {"sys_var_version", to_cell(versions.of(system_variables))},
          {"user_var_version", to_cell(versions.of(user_variables))},
          {"last_insert_id_version", to_cell(versions.of(last_insert_id))},
          {"db_name_version", to_cell(versions.of(database))}};
}

/// Since 1970; zero when it never was.
std::int64_t nanoseconds_of(session::ticks at) {
  if (at == 0) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(session::to_time(at).time_since_epoch()).count();
}

std::vector<attribute_group> describe_client(const session::client_session& target, const detail_options& options) {
  const auto changed = target.activity().statistics() == nullptr ? session::ticks{0} : target.activity().since();
  std::vector<attribute_group> groups{describe_common(target, options),
                                      {"cs stat",
                                       {{"modified_time", to_cell(nanoseconds_of(changed))},
                                        {"reported_time", to_cell(nanoseconds_of(target.activity().reported()))}}},
                                      {"cs var version", version_attributes(target.tracked().versions())}};
  auto known = target.credentials();
  if (!known.empty()) groups.push_back({"cs credentials", {{"credentials", std::move(known)}}});
  return groups;
}

attribute_group describe_server(const session::server_session& server, std::string info) {
  const auto state = server.state();
  attributes all{{"server_ip", server.backend().address},
                 {"server_port", to_cell(server.backend().port)},
                 {"server_sessid", to_cell(server.connection_id())},
                 {"ss_id", to_cell(server.ss_id())},
                 {"state", std::string(session::to_text(state))},
                 {"transact_count", to_cell(server.transaction_count())},
                 {"server_trans_stat", to_cell(state == session::server_session_state::active ? 1 : 0)}};
  std::ranges::move(version_attributes(server.versions()), std::back_inserter(all));
  all.insert(all.end(), {{"is_checksum_supported", to_cell(0)},
                         {"is_safe_read_weak_supported", to_cell(0)},
                         {"is_checksum_switch_supported", to_cell(0)},
                         {"checksum_switch", to_cell(-1)},  // -1: not in use
                         {"enable_extra_ok_packet_for_stats", to_cell(0)}});
  return {std::move(info), std::move(all)};
}

/// The one that runs a statement comes first, else the one used last; the others are the pool.
std::vector<attribute_group> describe_servers(session::server_session_list servers) {
  std::vector<attribute_group> groups;
  const auto running = std::ranges::find_if(servers, &session::server_session::running);
  const bool busy = running != servers.end();
  if (busy) std::rotate(servers.begin(), running, running + 1);
  for (std::size_t at = 0; at < servers.size(); ++at) {
    auto info =
        at > 0 ? "ss pool [" + std::to_string(at - 1) + ']' : std::string(busy ? "curr used ss" : "last used ss");
    groups.push_back(describe_server(*servers[at], std::move(info)));
  }
  return groups;
}

constexpr std::array<column, 3> columns{{{.sql_name = "attribute_name", .json_name = "attribute_name"},
                                         {.sql_name = "value", .json_name = "value"},
                                         {.sql_name = "info", .json_name = "info"}}};

cell to_text_cell(const attribute& from) {
  if (const auto* flag = std::get_if<bool>(&from.value)) return std::string(*flag ? "true" : "false");
  if (!std::holds_alternative<std::monostate>(from.value)) return to_plain_text(from.value);
  return from.sql_null.empty() ? cell() : cell(std::string(from.sql_null));
}

std::vector<cell> to_row(const attribute& from, const std::string& info) {
  return {std::string(from.name), to_text_cell(from), info};
}

void keep_matching(std::vector<attribute_group>& groups, const row_filter& filter) {
  for (auto& group : groups) {
    std::erase_if(group.attributes, [&](const attribute& each) { return !filter.matches(to_row(each, group.info)); });
  }
}

}  // namespace

session_detail describe_session(const session::client_session& target, const detail_options& options) {
  return {.client = describe_client(target, options),
          .server_sessions = describe_servers(target.server_sessions()),
          .shown = {}};
}

std::span<const column> attribute_columns() {
  return columns;
}

table flatten(const session_detail& detail) {
  table flat{.json_name = "attributes", .columns = {columns.begin(), columns.end()}, .rows = {}, .total = 0};
  for (const auto* groups : {&detail.client, &detail.server_sessions}) {
    for (const auto& group : *groups) {
      for (const auto& each : group.attributes) flat.rows.push_back(to_row(each, group.info));
    }
  }
  apply(detail.shown, flat);  // cannot fail: apply() below has looked
  return flat;
}

std::optional<failure> apply(const table_query& query, session_detail& detail) {
  auto filter = row_filter::bind(query.where, columns);
  if (auto* wrong = std::get_if<failure>(&filter)) return std::move(*wrong);
  table none{.json_name = {}, .columns = {columns.begin(), columns.end()}, .rows = {}, .total = 0};
  detail.shown = {.where = {}, .order = query.order, .limit = query.limit, .offset = query.offset};
  if (auto wrong = apply(detail.shown, none)) return wrong;
  keep_matching(detail.client, std::get<row_filter>(filter));
  keep_matching(detail.server_sessions, std::get<row_filter>(filter));
  return std::nullopt;
}

}  // namespace sessiongate::admin
