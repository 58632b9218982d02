// What a command gave. Rendering it, to result-set packets (sql_render.hpp) or to JSON (json_render.hpp), is generic:
// it knows these alternatives and no command.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

enum class value_type : std::uint8_t {
  signed_integer,
  unsigned_integer,
  wide_id,  // an unsigned integer in SQL; text in JSON, for JavaScript's numbers lose the low bits of 64
  boolean,  // 0 or 1 in SQL
  text,
};

/// monostate is NULL. Otherwise the alternative of the column's type; wide_id holds std::uint64_t.
using cell = std::variant<std::monostate, std::int64_t, std::uint64_t, bool, std::string>;

struct column {
  std::string_view sql_name{};   // empty: not shown in SQL
  std::string_view json_name{};  // empty: not shown over HTTP
  value_type type = value_type::text;
  std::string_view sql_null{};  // what SQL shows for NULL; empty: NULL itself
};

/// Rows of equal kind: an array of objects in JSON.
struct table {
  std::string_view json_name;  // the array's name
  std::vector<column> columns;
  std::vector<std::vector<cell>> rows;
  std::size_t total = 0;  // rows there were before a limit cut them
};

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
};

enum class kill_status : std::uint8_t {
  killed,             // the session (or server session) is closed
  killed_self,        // the caller's own: the caller gets 1317 and is closed
  query_interrupted,  // the backend confirmed
  already_idle,       // KILL QUERY on a session that runs nothing
};
std::string_view to_text(kill_status status);

/// How the statement that was running on a backend fared.
enum class interrupt_status : std::uint8_t {
  not_needed,       // nothing was running
  interrupted,      // the backend confirmed the KILL (or says that the thread is gone already)
  no_route,         // no idle server session of the killer there and no control account: only closed
  backend_refused,  // the backend answered with an error
  backend_unreachable,
  timeout,
};
std::string_view to_text(interrupt_status status);

struct kill_outcome {
  kill_status status = kill_status::killed;
  std::uint32_t cs_id = 0;
  std::uint64_t proxy_sessid = 0;
  std::uint64_t ss_id = 0;          // 0: the whole session
  std::uint32_t connection_id = 0;  // of the server session concerned; 0: none
  std::string user;
  interrupt_status interrupt = interrupt_status::not_needed;
  std::string backend_answer;  // the backend's error text when it refused
  std::uint16_t backend_error = 0;
  std::string backend_sqlstate;
  std::chrono::microseconds elapsed{};
};

enum class failure_kind : std::uint8_t {
  malformed,     // 5010 (21000) · 400
  unknown_id,    // 1094 (HY000) · 404
  not_owner,     // 1095 (HY000) · 403
  forbidden,     // 1227 (42000) · 403
  ambiguous,     // 1105 (HY000) · 409, with the candidates
  unauthorized,  // 1045 (28000) · 401
  backend,       // the backend's own error · 502
  timeout,       // 1105 (HY000) · 504
};
std::string_view to_text(failure_kind kind);

struct failure {
  struct candidate {
    std::uint32_t cs_id = 0;
    std::string backend;
    std::uint32_t connection_id = 0;
  };
  failure_kind kind = failure_kind::malformed;
  std::string message;
  std::vector<candidate> candidates;  // ambiguous only
  std::uint16_t code = 0;             // backend only: its error number and SQLSTATE
  std::string sqlstate;
};

using result = std::variant<table, session_detail, kill_outcome, failure>;

/// One line for logs and the audit trail: `killed cs_id=… interrupt=… elapsed_us=…`, `not_owner: You are not owner …`.
std::string summarize(const result& what);

}  // namespace sessiongate::admin
