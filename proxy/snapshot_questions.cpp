#include "proxy/snapshot_questions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;

constexpr std::size_t listed_size_max = 1024;  // bytes; servers cut what they list off there, or further on
constexpr std::uint32_t always = 0;
constexpr std::uint32_t never = 0xFFFFFFFF;
constexpr std::size_t names_per_statement = 60;

struct prepared_variable {
  std::string_view name;
  std::string_view value;       // that prepare() gives it; empty: none, ask_client_collation() does
  std::uint32_t mariadb_since;  // server_version::number
  std::uint32_t mysql_since;
};

constexpr std::array prepared{
    prepared_variable{"character_set_client", "utf8mb4", always, always},
    prepared_variable{"character_set_connection", "", always, always},
    prepared_variable{"character_set_results", "NULL", always, always},
    prepared_variable{"collation_connection", "", always, always},
    prepared_variable{"sql_big_selects", "1", always, always},
    prepared_variable{"sql_select_limit", "18446744073709551615", always, always},
    prepared_variable{"max_statement_time", "0", 100101, never},
    prepared_variable{"tmp_disk_table_size", "18446744073709551615", 100207, never},
    prepared_variable{"max_execution_time", "0", never, 50708},
};

// Sorted.
constexpr std::array<std::string_view, 15> set_last{
    "autocommit",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "collation_connection",
    "max_execution_time",
    "max_join_size",
    "max_session_mem_used",
    "max_statement_time",
    "profiling",
    "session_track_state_change",
    "session_track_system_variables",
    "sql_big_selects",
    "sql_select_limit",
    "tmp_disk_table_size",
};

// The columns of open()'s answer, before the variables that are kept.
enum opening_column : std::uint8_t { warning_count, found_rows, row_count, last_insert_id, timestamp, transaction };
constexpr std::size_t opening_columns = 6;

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

/// ASCII, whatever character_set_results is: the wide ones put zero bytes around it.
nullable_text decode(nullable_text text) {
  if (text) std::erase(*text, '\0');
  return text;
}

bool is_plain_number(std::string_view text) {
  return !text.empty() && text != "." && text.find_first_not_of("0123456789.-") == std::string_view::npos &&
         text.find('-', 1) == std::string_view::npos && std::ranges::count(text, '.') <= 1 && text.back() != '-';
}

bool is_number_type(std::string_view type) {
  return type.starts_with("INT") || type.starts_with("BIGINT") || type == "DOUBLE";
}

bool is_switch(std::string_view variable) {
  return variable == "sql_big_selects";
}

/// The names of variables that can be written without quotes: all that servers have.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
}

std::vector<prepared_variable> variables_to_keep(const server_version& server) {
  std::vector<prepared_variable> found;
  std::ranges::copy_if(prepared, std::back_inserter(found), [&](const prepared_variable& each) {
    return server.number >= (server.is_mariadb ? each.mariadb_since : each.mysql_since);
  });
  return found;
}

}  // namespace

server_version server_version::parse(std::string_view text) {
  server_version version;
  version.is_mariadb = text.find("MariaDB") != std::string_view::npos;
  if (version.is_mariadb && text.starts_with("5.5.5-")) text.remove_prefix(6);
  for (int part = 0; part < 3; ++part) {
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    version.number = version.number * 100 + std::min(number, 99U);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return version;
}

bool is_set_last(std::string_view variable) {
  return std::ranges::binary_search(set_last, variable) || variable == "session_track_transaction_info" ||
         variable == "session_track_schema" || variable == "session_track_gtids";
}

std::string quote_name(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + '`';
}

snapshot_questions::snapshot_questions(statement_dialogue& dialogue, session_snapshot& into,
                                       const server_version& server, std::size_t size_max)
    : dialogue_(dialogue), into_(into), server_(server), size_max_(size_max) {}

void snapshot_questions::open() {
  std::string statement = "SELECT @@warning_count, FOUND_ROWS(), ROW_COUNT(), LAST_INSERT_ID(), @@timestamp, ";
  statement += server_.is_mariadb ? "@@in_transaction" : "0";
  for (const auto& each : variables_to_keep(server_)) statement.append(", @@").append(each.name);
  dialogue_.ask(statement + " LIMIT 1", [this](const text_answer& answer) { take_opening(answer); });
}

void snapshot_questions::take_opening(const text_answer& answer) {
  const auto keep = variables_to_keep(server_);
  if (answer.error) return dialogue_.fail(recovery_obstacle::unknown_system_variable, answer.error->message);
  const auto width = opening_columns + keep.size();
  if (answer.rows.empty() || answer.rows[0].size() != width || answer.columns.size() != width)
    return dialogue_.fail(recovery_obstacle::unknown_system_variable, "");
  auto row = answer.rows[0];
  std::ranges::transform(row, row.begin(), decode);
  const auto text = [&](std::size_t column) { return row[column].value_or(""); };
  // A fresh session answers the last two with 1 and -1 behind the last question of state_replay.
  if (text(warning_count) != "0") into_.unanswerable |= hazard::reads_warnings;
  if (text(found_rows) != "1") into_.unanswerable |= hazard::reads_found_rows;
  if (text(row_count) != "-1") into_.unanswerable |= hazard::reads_row_count;
  into_.last_insert_id = to_number(row[last_insert_id]);
  opened_at_ = text(timestamp);
  in_transaction_ = text(transaction) == "1";
  kept_.clear();
  for (std::size_t each = 0; each < keep.size(); ++each) {
    auto value = row[opening_columns + each];
    const auto name = keep[each].name;
    if (name == "character_set_results")
      into_.results_collation = value ? answer.columns[opening_columns + each].collation : 0;
    if (is_switch(name) && value) value = *value == "1" ? "ON" : "OFF";
    kept_.push_back({std::string(name), std::move(value)});
  }
}

/// A parameter that has to be converted shows the connection's collation and not the client's.
void snapshot_questions::ask_client_collation() {
  const auto fail = [this](const text_answer& answer) {
    dialogue_.fail(recovery_obstacle::unknown_system_variable,
                   "character_set_client" + (answer.error ? ": " + answer.error->message : ""));
  };
  dialogue_.ask("SET SESSION character_set_connection = @@character_set_client", [fail](const text_answer& answer) {
    if (answer.error) fail(answer);
  });
  dialogue_.ask_prepared("SELECT COLLATION(?) LIMIT 1", "x", [this, fail](const text_answer& answer) {
    if (answer.error || answer.rows.empty() || !answer.rows[0][0]) return fail(answer);
    into_.client_collation = *decode(answer.rows[0][0]);
  });
}

void snapshot_questions::prepare() {
  std::string statement = "SET ";
  for (const auto& each : variables_to_keep(server_)) {
    if (each.value.empty()) continue;
    statement.append("SESSION ").append(each.name).append(" = ").append(each.value).append(", ");
  }
  statement.resize(statement.size() - 2);
  dialogue_.ask(std::move(statement), [this](const text_answer& answer) {
    if (answer.error) dialogue_.fail(recovery_obstacle::unknown_system_variable, answer.error->message);
  });
}

void snapshot_questions::ask_place() {
  constexpr std::uint32_t first_with_roles = 80000;
  const bool has_roles = server_.is_mariadb || server_.number >= first_with_roles;
  std::string statement = "SELECT DATABASE(), @@timestamp, ";
  statement += has_roles ? "CURRENT_ROLE()" : "NULL";
  dialogue_.ask(statement + " LIMIT 1", [this](const text_answer& answer) {
    if (answer.error) return dialogue_.fail(recovery_obstacle::unknown_system_variable, answer.error->message);
    if (answer.rows.empty() || answer.rows[0].size() != 3)
      return dialogue_.fail(recovery_obstacle::unknown_system_variable, "");
    const auto& row = answer.rows[0];
    into_.database = row[0];
    into_.role = row[2];
    if (!server_.is_mariadb && into_.role == "NONE") into_.role.reset();
    into_.fixed_timestamp.reset();
    if (row[1] == opened_at_) into_.fixed_timestamp = row[1];  // the clock has stood still since
  });
}

void snapshot_questions::ask_variables() {
  std::string statement = "SHOW SESSION VARIABLES";
  if (server_.is_mariadb) {
    statement =
        "SELECT VARIABLE_NAME, SESSION_VALUE, VARIABLE_TYPE, READ_ONLY FROM information_schema.SYSTEM_VARIABLES"
        " WHERE VARIABLE_SCOPE <> 'GLOBAL'";
    statement += no_limit;
  }
  dialogue_.ask(std::move(statement), [this](const text_answer& answer) { take_variables(answer); });
}

void snapshot_questions::take_variables(const text_answer& answer) {
  if (answer.error) return dialogue_.fail(recovery_obstacle::unknown_system_variable, answer.error->message);
  into_.variables.clear();
  for (const auto& row : answer.rows) {
    if (row.size() < 2) continue;
    system_variable read{to_lower(row[0].value_or("")), row[1]};
    const auto kept = std::ranges::find(kept_, read.name, &system_variable::name);
    if (kept != kept_.end()) read.value = kept->value;
    const bool typed = row.size() > 3;
    read.is_number = typed ? is_number_type(row[2].value_or("")) : is_plain_number(read.value.value_or(""));
    read.is_read_only = typed && row[3] == "YES";
    into_.variables.push_back(std::move(read));
  }
  std::ranges::sort(into_.variables, {}, &system_variable::name);
  if (into_.variables.empty()) return dialogue_.fail(recovery_obstacle::unknown_system_variable, "");
  if (into_.size() > size_max_) return dialogue_.fail(recovery_obstacle::state_too_large, "");
  ask_unclear_values();
}

/// Servers list NULL as an empty text, and cut long values off.
void snapshot_questions::ask_unclear_values() {
  std::vector<std::size_t> unclear;
  for (std::size_t each = 0; each < into_.variables.size(); ++each) {
    const auto& name = into_.variables[each].name;
    const auto& value = into_.variables[each].value;
    const bool plain = value && !value->empty() && value->size() < listed_size_max;
    const bool kept = std::ranges::find(kept_, name, &system_variable::name) != kept_.end();
    if (!plain && !kept && !is_left_out(name) && is_plain_name(name)) unclear.push_back(each);
  }
  for (std::size_t from = 0; from < unclear.size(); from += names_per_statement) {
    const auto end = std::min(unclear.size(), from + names_per_statement);
    const std::vector<std::size_t> asked(unclear.begin() + static_cast<std::ptrdiff_t>(from),
                                         unclear.begin() + static_cast<std::ptrdiff_t>(end));
    std::string statement = "SELECT ";
    for (const auto each : asked) statement.append("@@").append(into_.variables[each].name).append(", ");
    statement.replace(statement.size() - 2, 2, " LIMIT 1");
    dialogue_.ask(std::move(statement), [this, asked](const text_answer& answer) {
      if (answer.error || answer.rows.empty() || answer.rows[0].size() != asked.size()) return;
      for (std::size_t each = 0; each < asked.size(); ++each) {
        auto& variable = into_.variables[asked[each]];
        const auto& value = answer.rows[0][each];
        const bool emptied = variable.value && variable.value->empty() && !value;
        if (emptied || (value && value->starts_with(variable.value.value_or("")))) variable.value = value;
      }
    });
  }
}

}  // namespace sessiongate::proxy
