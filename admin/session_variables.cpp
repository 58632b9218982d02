#include "admin/session_variables.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace sessiongate::admin {

namespace {

using session::tracked_variable;
using row = std::vector<cell>;

constexpr column columns[] = {{.sql_name = "variable_name", .json_name = "variable_name"},
                              {.sql_name = "value", .json_name = "value"},
                              {.sql_name = "info", .json_name = "info"},
                              {.sql_name = "modified_type", .json_name = "modified_type"},
                              {.sql_name = "sys_variable_flag", .json_name = "sys_variable_flag"}};

bool is_number(std::string_view text) {
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string quote(std::string_view text) {
  std::string quoted(1, '\'');
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

/// As an SQL literal; the original's own words for one that is too long, and in their manner for one that is not known.
std::string show_value(const tracked_variable& of, bool literal) {
  switch (of.known) {
    case tracked_variable::knowledge::too_long:
      return "---value length is large then 128bytes---";
    case tracked_variable::knowledge::unknown:
      return "---value is known to the server only---";
    case tracked_variable::knowledge::known:
      break;
  }
  return literal || is_number(of.value) ? of.value : quote(of.value);
}

/// A variable that is tracked is one of the session; most have a global value, too.
std::string_view flags_of(std::string_view name) {
  constexpr std::array<std::string_view, 14> session_only{"error_count",    "gtid_next",
                                                          "identity",       "insert_id",
                                                          "last_insert_id", "pseudo_thread_id",
                                                          "rand_seed1",     "rand_seed2",
                                                          "sql_log_bin",    "skip_parallel_replication",
                                                          "timestamp",      "transaction_allow_batching",
                                                          "gtid_seq_no",    "warning_count"};
  return std::ranges::find(session_only, name) != session_only.end() ? " && session_scope"
                                                                     : " && global_scope && session_scope";
}

std::string_view modification_of(const tracked_variable& of) {
  if (!of.changed) return {};
  return session::is_hot_variable(of.name) ? "hot modified vars" : "cold modified vars";
}

row system_row(const tracked_variable& of) {
  return {of.name, show_value(of, false), std::string(of.changed ? "changed sys var" : "sys var"),
          std::string(modification_of(of)), std::string(flags_of(of.name))};
}

/// The server knows the value, the proxy whether it was changed. Which scopes a variable has that was not is known to
/// neither.
row server_row(tracked_variable of, const session::tracked_variables& known) {
  const auto* tracked = session::find_variable(known.system, of.name);
  of.changed = tracked != nullptr && tracked->changed;
  auto made = system_row(of);
  if (tracked == nullptr) made.back() = std::string();
  return made;
}

row insert_id_row(std::uint64_t id) {
  return {std::string("last_insert_id"), std::to_string(id), std::string("changed sys var"),
          std::string("last insert id modified vars"), std::string(flags_of("last_insert_id"))};
}

}  // namespace

std::span<const column> variable_columns() {
  return columns;
}

std::vector<row> variable_rows(const show_table& asked, const session::client_session& target) {
  const auto known = target.tracked().variables();
  const auto insert_id = target.tracked().last_insert_id();
  std::vector<row> rows;
  if (asked.full && asked.server_variables != nullptr) {
    for (const auto& each : asked.server_variables->system) {
      const bool has_row_below = each.name == "last_insert_id" && insert_id != 0;
      if (!has_row_below) rows.push_back(server_row(each, *known));
    }
  } else {
    for (const auto& each : known->system) {
      if (each.changed || asked.full) rows.push_back(system_row(each));
    }
  }
  if (insert_id != 0) rows.push_back(insert_id_row(insert_id));
  for (const auto& each : known->user) {
    rows.push_back({each.name, show_value(each, true), std::string("user var"), std::string(), std::string()});
  }
  return rows;
}

}  // namespace sessiongate::admin
