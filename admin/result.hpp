// What a command gave. Rendering it, to result-set packets (sql_render.hpp) or to JSON (json_render.hpp), is generic:
// it knows these alternatives and no command.
#pragma once

#include "admin/failure.hpp"
#include "admin/kill_outcome.hpp"
#include "admin/table.hpp"
#include "admin/table_query.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

/// One session in detail: name/value/info rows of text in SQL (a bool is `true` or `false` there), a nested object in
/// JSON.
struct attribute {
  std::string_view name;
  cell value;
  std::string_view sql_null{};  // as in column
};
struct attribute_group {
  std::string info;  // "cs common", "last used ss" …
  std::vector<attribute> attributes;
};
struct session_detail {
  std::vector<attribute_group> client;           // flattened into one JSON object
  std::vector<attribute_group> server_sessions;  // one each: the JSON array "server_sessions"
  table_query shown;                             // order and limits of the rows in SQL
};

/// What a kill of several hit, or, of a dry run, would hit: a row for each.
struct kill_report {
  bool dry_run = false;
  bool query = false;
  std::size_t matched = 0;  // before a limit
  std::size_t killed = 0;   // closed, or interrupted
  bool self = false;        // the session that asks is among them: the caller closes
  table targets;
};

/// A command that has nothing to show was done.
struct acknowledgement {
  std::string message;  // what else there is to say; empty: nothing
};

using result = std::variant<table, session_detail, kill_outcome, kill_report, acknowledgement, failure>;

/// How the kill that gave it ended.
kill_end end_of(const result& of_kill);

/// One line for logs and the audit trail: `killed cs_id=… interrupt=… elapsed_us=…`, `not_owner: You are not owner …`.
std::string summarize(const result& what);

}  // namespace sessiongate::admin
