#include "admin/listing.hpp"

#include "admin/closed_table.hpp"
#include "admin/command_table.hpp"
#include "admin/drain_table.hpp"
#include "admin/event_table.hpp"
#include "admin/kill_table.hpp"
#include "admin/process_table.hpp"
#include "admin/proxy_listings.hpp"
#include "admin/session_stats.hpp"
#include "admin/session_table.hpp"
#include "admin/session_variables.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sessiongate::admin {

namespace {

using rows = std::vector<std::vector<cell>>;

constexpr column version_columns[] = {{.sql_name = "PROXY_VERSION()", .json_name = "version"}};

rows version_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& /*context*/) {
  return {{std::string(SESSIONGATE_VERSION)}};
}

constexpr column help_columns[] = {
    {.sql_name = "syntax", .json_name = "sql"}, {.sql_name = "help", .json_name = "help"},
    {.sql_name = "kind", .json_name = "kind"},  {.sql_name = "http", .json_name = "http"},
    {.sql_name = "ctl", .json_name = "ctl"},
};

rows help_rows(const show_table& /*asked*/, const principal& /*who*/, execution_context& /*context*/) {
  rows made;
  for (const auto& each : command_table()) {
    made.push_back({std::string(each.sql), std::string(each.help), std::string(to_text(each.kind)),
                    std::string(each.method) + ' ' + std::string(each.path), std::string(each.ctl)});
  }
  return made;
}

std::span<const listing_entry> listings() {
  static const listing_entry table[] = {
      {listing::sessions, "sessions", "User", session_columns(), session_rows},
      {listing::processes, "processes", "User", process_columns(), process_rows},
      {listing::mysql_processes, "processes", "User", mysql_process_columns(), process_rows},
      {listing::variables, "variables", "variable_name", variable_columns(), nullptr, variable_rows},
      {listing::session_statistics, "stats", "stat_name", stat_columns(), nullptr, stat_rows},
      {listing::closed_sessions, "closed_sessions", "User", closed_columns(), closed_rows},
      {listing::kills, "kills", "User", kill_columns(), kill_rows},
      {listing::drains, "drains", "by", drain_columns(), drain_rows},
      {listing::events, "events", "type", event_columns(), event_rows},
      {listing::config, "settings", "name", config_columns(), config_rows},
      {listing::network_threads, "threads", "net_thread_id", thread_columns(), thread_rows},
      {listing::network_connections, "connections", "src_ip", connection_columns(), connection_rows},
      {listing::statistics, "stats", "stat_name", statistic_columns(), statistic_rows},
      {listing::memory, "memory", "mod_name", memory_columns(), memory_rows},
      {listing::information, "info", "name", fact_columns(), fact_rows},
      {listing::clusters, "clusters", "cluster_name", backend_columns(), backend_rows},
      {listing::version, "version", "PROXY_VERSION()", version_columns, version_rows},
      {listing::help, "commands", "syntax", help_columns, help_rows},
  };
  return table;
}

result make_table(const listing_entry& kind, const show_table& asked, rows made) {
  table listed{.json_name = kind.json_name,
               .columns = {kind.columns.begin(), kind.columns.end()},
               .rows = std::move(made),
               .total = 0};
  if (auto wrong = apply(asked.query, listed)) return std::move(*wrong);
  return listed;
}

}  // namespace

const listing_entry& find_listing(listing what) {
  return *std::ranges::find(listings(), what, &listing_entry::what);
}

result list(const show_table& asked, const principal& who, execution_context& context) {
  const auto& kind = find_listing(asked.what);
  return make_table(kind, asked, kind.rows(asked, who, context));
}

result list(const show_table& asked, const session::client_session& target) {
  const auto& kind = find_listing(asked.what);
  return make_table(kind, asked, kind.of_session(asked, target));
}

}  // namespace sessiongate::admin
