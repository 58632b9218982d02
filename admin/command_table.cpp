#include "admin/command_table.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace {

template <listing What>
command make_list(command_arguments&& given) {
  return show_table{.what = What, .query = std::move(given.query), .full = given.full, .id = given.id};
}

command make_detail(command_arguments&& given) {
  return show_session{.id = given.id, .query = std::move(given.query)};
}

command make_kill(command_arguments&& given) {
  return kill_session{.id = given.id.value_or(0), .how = std::move(given.how)};
}

command make_server_kill(command_arguments&& given) {
  return kill_server_session{.id = given.id.value_or(0), .ss_id = given.ss_id, .how = std::move(given.how)};
}

command make_query_kill(command_arguments&& given) {
  return kill_query{.id = given.id.value_or(0), .how = std::move(given.how)};
}

command make_matching_kill(command_arguments&& given) {
  given.several.how = std::move(given.how);
  return std::move(given.several);
}

command make_drain(command_arguments&& given) {
  return start_drain{.where = std::move(given.query.where), .how = std::move(given.how)};
}

command make_drain_end(command_arguments&& given) {
  return cancel_drain{.number = given.number};
}

command make_backend_drain(command_arguments&& given) {
  return drain_backend{
      .cluster = std::move(given.cluster), .backend = std::move(given.backend), .how = std::move(given.how)};
}

command make_backend_drain_end(command_arguments&& given) {
  return undrain_backend{.cluster = std::move(given.cluster), .backend = std::move(given.backend)};
}

command make_alter(command_arguments&& given) {
  return alter_config{.name = std::move(given.name), .value = std::move(given.value)};
}

command make_ping(command_arguments&& /*given*/) {
  return ping{};
}

constexpr command_entry entries[] = {
    {.name = "list_sessions",
     .sql = "SHOW PROXYSESSION [filter]",
     .method = "GET",
     .path = "/v1/sessions",
     .ctl = "sessions",
     .kind = command_kind::list_sessions,
     .help = "client sessions",
     .make = make_list<listing::sessions>},
    {.name = "list_closed_sessions",
     .sql = "SHOW PROXYSESSION CLOSED [filter]",
     .method = "GET",
     .path = "/v1/closed-sessions",
     .ctl = "closed",
     .kind = command_kind::list_sessions,
     .help = "the sessions that ended last, and why",
     .make = make_list<listing::closed_sessions>},
    {.name = "list_kills",
     .sql = "SHOW PROXYSESSION KILLS [filter]",
     .method = "GET",
     .path = "/v1/kills",
     .ctl = "kills",
     .kind = command_kind::list_sessions,
     .help = "the kills that were asked for last, by whom, and what came of them",
     .make = make_list<listing::kills>},
    {.name = "list_events",
     .sql = "SHOW PROXYEVENTS [filter]",
     .method = "GET",
     .path = "/v1/events",
     .ctl = "events",
     .kind = command_kind::list_sessions,
     .help = "what happened to sessions and backends last; over HTTP and with ctl also as it happens",
     .make = make_list<listing::events>},
    {.name = "list_processes",
     .sql = "SHOW [FULL] PROXYPROCESSLIST [filter]",
     .method = "GET",
     .path = "/v1/processes",
     .ctl = "processes",
     .kind = command_kind::list_sessions,
     .help = "what each session runs and waits for, with its statement, transaction and traffic",
     .make = make_list<listing::processes>},
    {.name = "show_session_variables",
     .sql = "SHOW PROXYSESSION VARIABLES [ALL] [id] [filter]",
     .method = "GET",
     .path = "/v1/sessions/{id}/variables",
     .ctl = "variables {id}",
     .kind = command_kind::read_session,
     .help = "variables that a session has set; with ALL every one that is known",
     .make = make_list<listing::variables>},
    {.name = "show_session_stats",
     .sql = "SHOW PROXYSESSION STAT|STATS [id] [filter]",
     .method = "GET",
     .path = "/v1/sessions/{id}/stats",
     .ctl = "stats {id}",
     .kind = command_kind::read_session,
     .help = "what was counted of one session",
     .make = make_list<listing::session_statistics>},
    {.name = "show_session",
     .sql = "SHOW PROXYSESSION ATTRIBUTE [id] [filter]",
     .method = "GET",
     .path = "/v1/sessions/{id}",
     .ctl = "show {id}",
     .kind = command_kind::read_session,
     .help = "one session in detail; without an id your own",
     .make = make_detail},
    {.name = "kill_session",
     .sql = "KILL PROXYSESSION id [options]",
     .method = "DELETE",
     .path = "/v1/sessions/{id}",
     .ctl = "kill {id}",
     .kind = command_kind::kill_session,
     .help = "ends a client session; options: AFTER STATEMENT|TRANSACTION, TIMEOUT seconds, COMMENT 'why'; KILL "
             "[HARD|SOFT] [CONNECTION] id does the same without them",
     .make = make_kill},
    {.name = "kill_server_session",
     .sql = "KILL PROXYSESSION id ss_id [options]",
     .method = "DELETE",
     .path = "/v1/sessions/{id}/server-sessions/{ss_id}",
     .ctl = "kill {id} {ss_id}",
     .kind = command_kind::kill_server_session,
     .help = "ends one server session of a client session; options as before",
     .make = make_server_kill},
    {.name = "kill_query",
     .sql = "KILL PROXYSESSION QUERY id [options]",
     .method = "POST",
     .path = "/v1/sessions/{id}/kill-query",
     .ctl = "kill-query {id}",
     .kind = command_kind::kill_query,
     .help = "interrupts the statement that a session runs; option: COMMENT 'why'; KILL QUERY id does the same",
     .make = make_query_kill},
    {.name = "kill_matching",
     .sql = "KILL PROXYSESSION [QUERY] WHERE predicate [options]",
     .method = "POST",
     .path = "/v1/kill",
     .ctl = "kill-where {filter}",
     .kind = command_kind::kill_session,
     .help =
         "ends, or with QUERY interrupts, every session that a predicate over the process list meets; further options: "
         "LIMIT n, INCLUDE SELF, DRY RUN",
     .make = make_matching_kill},
    {.name = "start_drain",
     .sql = "DRAIN PROXYSESSION [where] [options]",
     .method = "POST",
     .path = "/v1/drains",
     .ctl = "drain",
     .kind = command_kind::drain,
     .help = "ends the sessions that there are behind their transactions, in the background; [where]: WHERE and a "
             "predicate over the process list; options: AFTER STATEMENT, TIMEOUT seconds, COMMENT 'why'",
     .make = make_drain},
    {.name = "list_drains",
     .sql = "SHOW PROXYSESSION DRAINS [filter]",
     .method = "GET",
     .path = "/v1/drains",
     .ctl = "drains",
     .kind = command_kind::read_proxy,
     .help = "drains, and how far they are",
     .make = make_list<listing::drains>},
    {.name = "cancel_drain",
     .sql = "CANCEL PROXYSESSION DRAIN number",
     .method = "DELETE",
     .path = "/v1/drains/{number}",
     .ctl = "cancel-drain {number}",
     .kind = command_kind::drain,
     .help = "lets go of the sessions that a drain still waits for",
     .make = make_drain_end},
    {.name = "drain_backend",
     .sql = "DRAIN PROXYCLUSTER cluster BACKEND backend [options]",
     .method = "POST",
     .path = "/v1/clusters/{cluster}/backends/{backend}/drain",
     .ctl = "drain-backend {cluster} {backend}",
     .kind = command_kind::drain,
     .help = "takes a backend out of use: logins avoid it, and its sessions end behind their transactions; options as "
             "of DRAIN PROXYSESSION",
     .make = make_backend_drain},
    {.name = "undrain_backend",
     .sql = "UNDRAIN PROXYCLUSTER cluster BACKEND backend",
     .method = "POST",
     .path = "/v1/clusters/{cluster}/backends/{backend}/undrain",
     .ctl = "undrain-backend {cluster} {backend}",
     .kind = command_kind::drain,
     .help = "takes a drained backend into use again, and lets go of the sessions that its drain still waits for",
     .make = make_backend_drain_end},
    {.name = "list_settings",
     .sql = "SHOW PROXYCONFIG [filter]",
     .method = "GET",
     .path = "/v1/config",
     .ctl = "config",
     .kind = command_kind::read_proxy,
     .help = "settings, and which of them can be changed now",
     .make = make_list<listing::config>},
    {.name = "change_setting",
     .sql = "ALTER PROXYCONFIG SET name = value",
     .method = "PUT",
     .path = "/v1/config/{name}",
     .ctl = "config set {name} {value}",
     .kind = command_kind::change_proxy,
     .help = "changes a setting until the next start",
     .make = make_alter},
    {.name = "list_connections",
     .sql = "SHOW PROXYNET CONNECTION [filter]",
     .method = "GET",
     .path = "/v1/net/connections",
     .ctl = "connections",
     .kind = command_kind::read_proxy,
     .help = "the connections of sessions, on both sides",
     .make = make_list<listing::network_connections>},
    {.name = "list_threads",
     .sql = "SHOW PROXYNET THREAD [filter]",
     .method = "GET",
     .path = "/v1/net/threads",
     .ctl = "threads",
     .kind = command_kind::read_proxy,
     .help = "worker threads and what they counted",
     .make = make_list<listing::network_threads>},
    {.name = "list_statistics",
     .sql = "SHOW PROXYSTAT [filter]",
     .method = "GET",
     .path = "/v1/stats",
     .ctl = "stats",
     .kind = command_kind::read_proxy,
     .help = "what the proxy counts, as on the metrics page",
     .make = make_list<listing::statistics>},
    {.name = "list_memory",
     .sql = "SHOW PROXYMEMORY [filter]",
     .method = "GET",
     .path = "/v1/memory",
     .ctl = "memory",
     .kind = command_kind::read_proxy,
     .help = "where memory is",
     .make = make_list<listing::memory>},
    {.name = "show_information",
     .sql = "SHOW PROXYINFO [BINARY] [filter]",
     .method = "GET",
     .path = "/v1/info",
     .ctl = "info",
     .kind = command_kind::read_proxy,
     .help = "version, build, uptime, addresses",
     .make = make_list<listing::information>},
    {.name = "list_clusters",
     .sql = "SHOW PROXYCLUSTER [filter]",
     .method = "GET",
     .path = "/v1/clusters",
     .ctl = "clusters",
     .kind = command_kind::read_proxy,
     .help = "clusters, their backends and how they are",
     .make = make_list<listing::clusters>},
    {.name = "ping",
     .sql = "PING PROXY",
     .method = "GET",
     .path = "/v1/ping",
     .ctl = "ping",
     .kind = command_kind::ask_proxy,
     .help = "answers OK while the proxy answers",
     .make = make_ping},
    {.name = "show_version",
     .sql = "SELECT PROXY_VERSION()",
     .method = "GET",
     .path = "/v1/version",
     .ctl = "version",
     .kind = command_kind::ask_proxy,
     .help = "the proxy's version",
     .make = make_list<listing::version>},
    {.name = "show_help",
     .sql = "SHOW PROXY HELP [filter]",
     .method = "GET",
     .path = "/v1/help",
     .ctl = "help",
     .kind = command_kind::ask_proxy,
     .help = "every command with its syntax",
     .make = make_list<listing::help>},
};

/// MySQL's columns are another look at the same listing.
listing plain(listing what) {
  return what == listing::mysql_processes ? listing::processes : what;
}

bool is_same_kind(const command& left, const command& right) {
  if (left.index() != right.index()) return false;
  const auto* list = std::get_if<show_table>(&left);
  return list == nullptr || plain(list->what) == plain(std::get<show_table>(right).what);
}

}  // namespace

bool command_entry::takes(std::string_view part) const {
  return sql.find(part) != std::string_view::npos;
}

std::span<const command_entry> command_table() {
  return entries;
}

const command_entry& find_entry(const command& what) {
  return *std::ranges::find_if(entries, [&](const command_entry& each) { return is_same_kind(each.make({}), what); });
}

}  // namespace sessiongate::admin
