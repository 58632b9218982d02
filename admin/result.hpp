// What a command gave. Rendering it, to result-set packets (sql_render.hpp) or to JSON (json_render.hpp), is generic:
// it knows these alternatives and no command.
#pragma once

#include "admin/failure.hpp"
#include "admin/table.hpp"
#include "admin/table_query.hpp"

#include <chrono>
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

/// A command that has nothing to show was done.
struct acknowledgement {
  std::string message;  // what else there is to say; empty: nothing
};

using result = std::variant<table, session_detail, kill_outcome, acknowledgement, failure>;

/// One line for logs and the audit trail: `killed cs_id=… interrupt=… elapsed_us=…`, `not_owner: You are not owner …`.
std::string summarize(const result& what);

}  // namespace sessiongate::admin
