// What a statement may do to its session's state that neither the server reports nor the proxy can know, and what it
// asks of the statement before it: read from its text. Runs for every statement of sessions whose server session can be
// replaced, so it is one pass over the bytes, and harmless text allocates nothing.
//
// It may see a hazard where there is none, never the other way round: what it does not know at a statement's beginning
// is `hidden`. Functions, triggers and views that are stored on the server are not seen here (backend's counts of
// them).
#pragma once

#include "session/recovery_obstacle.hpp"

#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

using statement_hazards = std::uint32_t;  // a set of hazard::…

namespace hazard {
// The session may hold or be set to something from now on.
inline constexpr statement_hazards hidden = 1U << 0U;  // anything: CALL, EXECUTE, /*! … */, text that was not seen
inline constexpr statement_hazards user_variable = 1U << 1U;  // one is set to what only the server can evaluate
inline constexpr statement_hazards temporary_table = 1U << 2U;
inline constexpr statement_hazards table_lock = 1U << 3U;  // LOCK TABLES, FLUSH … WITH READ LOCK, BACKUP
inline constexpr statement_hazards named_lock = 1U << 4U;  // GET_LOCK() and its like
inline constexpr statement_hazards handler = 1U << 5U;
inline constexpr statement_hazards xa = 1U << 6U;
inline constexpr statement_hazards text_prepared = 1U << 7U;      // PREPARE in SQL
inline constexpr statement_hazards last_insert_id = 1U << 8U;     // set by hand, which no OK packet tells
inline constexpr statement_hazards sequence = 1U << 9U;           // NEXTVAL(): LASTVAL() has a value
inline constexpr statement_hazards next_transaction = 1U << 10U;  // SET TRANSACTION: until a transaction has begun
inline constexpr statement_hazards role = 1U << 11U;
inline constexpr statement_hazards one_shot = 1U << 12U;  // a variable that changes by itself: insert_id, rand_seed1
inline constexpr statement_hazards status_reset = 1U << 13U;  // FLUSH STATUS: the session's Com_… counters start anew

// The answer depends on what went before in the same server session. No hazards for later.
inline constexpr statement_hazards reads_warnings = 1U << 16U;  // SHOW WARNINGS, GET DIAGNOSTICS, @@error_count
inline constexpr statement_hazards reads_row_count = 1U << 17U;
inline constexpr statement_hazards reads_found_rows = 1U << 18U;
inline constexpr statement_hazards reads_profile = 1U << 19U;
inline constexpr statement_hazards reads_sequence = 1U << 20U;  // LASTVAL()
inline constexpr statement_hazards reads_last_insert_id = 1U << 21U;

// No hazard: what next_transaction waits for. Not where the server may refuse it.
inline constexpr statement_hazards begins_transaction = 1U << 24U;

inline constexpr statement_hazards reads_anything = 0x003F0000U;
/// reads_diagnostics: what each statement leaves for the next one only.
inline constexpr statement_hazards reads_diagnostics =
    reads_warnings | reads_row_count | reads_found_rows | reads_profile | reads_sequence;
}  // namespace hazard

/// `complete`: the text is whole; one that is not is `hidden`. `backslash_escapes`: as the server's status flags tell
/// (off under NO_BACKSLASH_ESCAPES).
statement_hazards find_hazards(std::string_view text, bool complete, bool backslash_escapes = true);

/// What keeps a session from being rebuilt that has had these and is lost without being asked; none when nothing does.
session::recovery_obstacle obstacle_of(statement_hazards seen);

}  // namespace sessiongate::proxy
