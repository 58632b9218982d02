// Reads kills from SQL's words:
//
//   KILL [HARD|SOFT] [CONNECTION|QUERY] id                 as MySQL has it, without options
//   KILL PROXYSESSION [QUERY] id [ss_id] [options]
//   KILL PROXYSESSION [QUERY] WHERE predicate [options]    the predicate as query_parser.hpp reads it
//
// Options stand in any order, each at most once:
//
//   AFTER STATEMENT | AFTER TRANSACTION                    not at once, but when that has ended
//   TIMEOUT seconds                                        how long to wait for that
//   COMMENT 'why'                                          for the log and for the record of the kill
//   LIMIT n    INCLUDE SELF    DRY RUN                     with WHERE
//
// With QUERY there is no AFTER: a statement is interrupted at once.
#pragma once

#include "admin/sql_parser.hpp"
#include "admin/token_cursor.hpp"

#include <variant>

namespace sessiongate::admin {

/// What stands behind the word KILL.
std::variant<not_ours, statement, failure> parse_kill(token_cursor& at, bool prepared);

/// AFTER, TIMEOUT and COMMENT: all that is left. failure: malformed.
std::optional<failure> take_kill_options(token_cursor& at, kill_manner& into);

}  // namespace sessiongate::admin
