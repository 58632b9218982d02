// Every command, in one table: how it is written in SQL, over HTTP and for `sessiongate ctl`, who may give it, and what
// it does. The SQL parser, the HTTP router, the OpenAPI document, ctl and SHOW PROXY HELP all work from it, and a test
// holds docs/commands.md and docs/http.md against it.
#pragma once

#include "admin/command.hpp"
#include "admin/command_kind.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sessiongate::admin {

/// What was given with a command, wherever it stood.
struct command_arguments {
  std::optional<session_id> id{};
  std::uint64_t ss_id = 0;
  std::uint64_t number = 0;  // of a drain
  kill_manner how{};
  kill_matching several{};  // all but its manner
  std::string name{};
  std::string value{};
  std::string cluster{};
  std::string backend{};
  bool full = false;
  table_query query{};
};

struct command_entry {
  std::string_view name;  // for machines: the operationId of OpenAPI
  /// As a reader is told it, and as the parser of everything but KILL reads it: words in upper case; [WORD] may be left
  /// out, and asks for more; id, ss_id, number, name, value, cluster and backend are the caller's; [filter] is what
  /// query_parser.hpp reads, and [options], [where] and predicate what kill_parser.hpp does.
  std::string_view sql;
  std::string_view method;  // over HTTP
  std::string_view path;    // {id}, {ss_id}, {number}, {name}, {cluster} and {backend} are the caller's
  std::string_view ctl;     // words and {…}, as in `path`
  command_kind kind;        // which decides who may give it: authorize.hpp
  std::string_view help;
  command (*make)(command_arguments&& given) = nullptr;

  /// `[filter]` or `[FULL]`, for example.
  [[nodiscard]] bool takes(std::string_view part) const;
};

std::span<const command_entry> command_table();

/// When a command of this entry ends sessions, if it does not say.
[[nodiscard]] inline kill_moment usual_moment(const command_entry& entry) {
  return entry.kind == command_kind::drain ? kill_moment::after_transaction : kill_moment::at_once;
}

/// The entry of the kind of command that `what` is.
const command_entry& find_entry(const command& what);

}  // namespace sessiongate::admin
