// The admin commands. Both faces, SQL text and HTTP, parse into this variant and nothing else; execute.hpp is the only
// thing that acts on it. command_table.hpp tells how each is given.
#pragma once

#include "admin/kill_manner.hpp"
#include "admin/session_id.hpp"
#include "admin/table_query.hpp"
#include "session/tracked_variables.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace sessiongate::admin {

/// What can be listed as a table; listing.hpp tells the columns of each.
enum class listing : std::uint8_t {
  sessions,  // client sessions
  processes,
  mysql_processes,     // the same, with the columns of MySQL's own list
  variables,           // of one session
  session_statistics,  // of one session
  closed_sessions,
  kills,  // that were asked for, and what came of them
  drains,
  events,  // of sessions and backends
  config,  // settings
  network_threads,
  network_connections,
  statistics,
  memory,
  information,
  clusters,
  version,  // the proxy's version
  help,     // the command table
};

/// SHOW … · GET …: the rows of a listing.
struct show_table {
  listing what = listing::sessions;
  table_query query{};
  bool full = false;               // SHOW FULL …, SHOW … ALL: more than is shown by default
  std::optional<session_id> id{};  // of the session that a listing is about; empty: the caller's own
  /// For VARIABLES ALL: what the session's server says of its system variables. Null: it was not asked.
  session::tracked_snapshot server_variables{};
};

/// SHOW PROXYSESSION ATTRIBUTE [id] · GET /v1/sessions/{id}. Without an id: the caller's own session.
struct show_session {
  std::optional<session_id> id{};
  table_query query{};  // on attribute_name, value and info
};

/// Of a session that a predicate chose: that it meets it still, at the moment of the kill. Null: whatever it does.
using kill_condition = std::shared_ptr<const row_filter>;

/// KILL PROXYSESSION id [options], KILL [CONNECTION] id · DELETE /v1/sessions/{id}.
struct kill_session {
  session_id id{};
  /// KILL as MySQL has it: an id that the proxy does not know, or a session that the caller does not own, is the
  /// backend's to decide about. KILL PROXYSESSION is the proxy's alone.
  bool plain = false;
  kill_manner how{};
  kill_condition only_if{};
};

/// KILL PROXYSESSION id ss_id [options] · DELETE /v1/sessions/{id}/server-sessions/{ss_id}.
struct kill_server_session {
  session_id id{};
  std::uint64_t ss_id = 0;
  kill_manner how{};
};

/// KILL PROXYSESSION QUERY id [options], KILL QUERY id · POST /v1/sessions/{id}/kill-query.
struct kill_query {
  session_id id{};
  bool plain = false;  // as in kill_session
  kill_manner how{};   // its reason only: a query is interrupted at once
  kill_condition only_if{};
};

/// KILL PROXYSESSION [QUERY] WHERE predicate [options] · POST /v1/kill. The predicate is over the columns of the
/// process list; what it does not meet any more when its turn comes is left alone.
struct kill_matching {
  predicate where{};
  bool query = false;                  // interrupts statements; the sessions stay
  bool dry_run = false;                // tells only what would be hit
  bool include_self = false;           // the session that asks, too
  std::optional<std::size_t> limit{};  // hits so many at most, by cs_id
  std::optional<std::size_t> max{};    // refuses to hit more; none: as configured, or what `limit` says
  kill_manner how{};
};

/// DRAIN PROXYSESSION [WHERE predicate] [options] · POST /v1/drains. The predicate is as in kill_matching.
struct start_drain {
  predicate where{};
  kill_manner how{.when = kill_moment::after_transaction};
};

/// CANCEL PROXYSESSION DRAIN number · DELETE /v1/drains/{number}.
struct cancel_drain {
  std::uint64_t number = 0;
};

/// DRAIN PROXYCLUSTER cluster BACKEND backend [options] · POST /v1/clusters/{cluster}/backends/{backend}/drain.
struct drain_backend {
  std::string cluster;  // where there is only one without a name: any
  std::string backend;  // as listings show it, or without its port
  kill_manner how{.when = kill_moment::after_transaction};
};

/// UNDRAIN PROXYCLUSTER cluster BACKEND backend · POST /v1/clusters/{cluster}/backends/{backend}/undrain.
struct undrain_backend {
  std::string cluster;
  std::string backend;
};

/// ALTER PROXYCONFIG SET name = value · PUT /v1/config/{name}.
struct alter_config {
  std::string name;
  std::string value;
};

/// PING PROXY · GET /v1/ping.
struct ping {};

using command = std::variant<show_table, show_session, kill_session, kill_server_session, kill_query, kill_matching,
                             start_drain, cancel_drain, drain_backend, undrain_backend, alter_config, ping>;

/// Those that end or interrupt something; all others can run on any thread.
[[nodiscard]] inline bool is_kill(const command& what) {
  return std::holds_alternative<kill_session>(what) || std::holds_alternative<kill_server_session>(what) ||
         std::holds_alternative<kill_query>(what) || std::holds_alternative<kill_matching>(what);
}

/// A plain KILL.
[[nodiscard]] inline bool is_plain_kill(const command& what) {
  const auto* session = std::get_if<kill_session>(&what);
  const auto* query = std::get_if<kill_query>(&what);
  return (session != nullptr && session->plain) || (query != nullptr && query->plain);
}

}  // namespace sessiongate::admin
