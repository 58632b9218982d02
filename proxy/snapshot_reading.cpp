#include "proxy/snapshot_reading.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;

constexpr std::uint16_t wrong_usage = 1221;  // what HANDLER says of information_schema, when there are no locked tables

using counters = std::map<std::string, std::uint64_t, std::less<>>;

counters read_counters(const text_answer& answer) {
  counters read;
  for (const auto& row : answer.rows) {
    if (row.size() == 2 && row[0]) read[*row[0]] = to_number(row[1]);
  }
  return read;
}

}  // namespace

snapshot_reading::snapshot_reading(reading_input input, protocol::capabilities negotiated)
    : input_(std::move(input)),
      dialogue_(negotiated),
      questions_(dialogue_, snapshot_, input_.server, input_.size_max),
      user_variables_(dialogue_, snapshot_, input_.server, input_.size_max) {
  questions_.open();
  dialogue_.then([this] {
    if (questions_.in_transaction()) dialogue_.fail(recovery_obstacle::open_transaction, "");
  });
  dialogue_.then([this] {
    if (saw(hazard::next_transaction)) dialogue_.fail(recovery_obstacle::next_transaction, "");
  });
  questions_.ask_client_collation();
  questions_.prepare();
  questions_.ask_place();
  questions_.ask_variables();
  dialogue_.then([this] { user_variables_.ask(input_.user_variables, input_.all_known); });
  dialogue_.then([this] { ask_what_it_holds(); });
  dialogue_.then([this] { ask_named_locks(); });
}

void snapshot_reading::ask_what_it_holds() {
  snapshot_.unanswerable |= hazard::reads_sequence;  // no text shows the use of a sequence in a column's DEFAULT
  dialogue_.ask("SHOW PROFILES", [this](const text_answer& answer) {
    if (answer.error || !answer.rows.empty()) snapshot_.unanswerable |= hazard::reads_profile;
  });
  dialogue_.ask("SHOW SESSION STATUS LIKE 'Com%'", [this](const text_answer& answer) { take_counters(answer); });
}

/// How many statements of a kind the server has carried out for the session, also inside stored programs. One that
/// failed counts, too: what is zero is certain.
void snapshot_reading::take_counters(const text_answer& answer) {
  const auto counted = read_counters(answer);
  const bool usable = !answer.error && !counted.empty() && !saw(hazard::status_reset);
  const auto any = [&](std::string_view name, statement_hazards by_text) {
    const auto found = counted.find(name);
    if (usable && found != counted.end()) return found->second > 0;
    return saw(by_text | hazard::hidden);
  };
  const auto fail_if = [this](bool held, recovery_obstacle obstacle) {
    if (held) dialogue_.fail(obstacle, "");
  };
  const bool counts_temporary = counted.contains("Com_create_temporary_table");
  const bool temporary =
      any(counts_temporary ? "Com_create_temporary_table" : "Com_create_table", hazard::temporary_table);
  // MySQL counts all tables alike.
  fail_if(temporary && (counts_temporary || saw(hazard::temporary_table | hazard::hidden)),
          recovery_obstacle::temporary_tables);
  fail_if(any("Com_ha_open", hazard::handler), recovery_obstacle::open_handler);
  fail_if(any("Com_prepare_sql", hazard::text_prepared), recovery_obstacle::text_prepared);
  const bool flushed = any("Com_flush", hazard::table_lock) && saw(hazard::table_lock | hazard::hidden);
  for (const auto* each : {"Com_backup", "Com_backup_lock", "Com_lock_instance"}) {
    if (counted.contains(each)) fail_if(any(each, hazard::table_lock), recovery_obstacle::table_locks);
  }
  fail_if(flushed, recovery_obstacle::table_locks);
  if (any("Com_lock_tables", hazard::table_lock)) ask_table_locks();
  xa_ = any("Com_xa_start", hazard::xa);
}

/// Under LOCK TABLES, HANDLER refuses before it looks at the table.
void snapshot_reading::ask_table_locks() {
  dialogue_.ask("HANDLER information_schema.SCHEMATA OPEN", [this](const text_answer& answer) {
    if (!answer.error || answer.error->code != wrong_usage) dialogue_.fail(recovery_obstacle::table_locks, "");
  });
}

/// No transaction is open, so this one takes nothing with it.
void snapshot_reading::ask_xa() {
  dialogue_.ask("BEGIN", [this](const text_answer& answer) {
    if (answer.error) dialogue_.fail(recovery_obstacle::xa_transaction, "");
  });
}

/// The last of all: it lets them go.
void snapshot_reading::ask_named_locks() {
  if (xa_) ask_xa();
  constexpr std::uint32_t mariadb_with_function = 100502;
  constexpr std::uint32_t mysql_with_function = 50705;
  const auto first = input_.server.is_mariadb ? mariadb_with_function : mysql_with_function;
  if (input_.server.number < first) {
    if (saw(hazard::named_lock | hazard::hidden)) dialogue_.fail(recovery_obstacle::named_locks, "");
    return;
  }
  dialogue_.ask("SELECT RELEASE_ALL_LOCKS() LIMIT 1", [this](const text_answer& answer) {
    const bool none = !answer.error && !answer.rows.empty() && !answer.rows[0].empty() && answer.rows[0][0] == "0";
    if (!none) dialogue_.fail(recovery_obstacle::named_locks, "");
  });
}

}  // namespace sessiongate::proxy
