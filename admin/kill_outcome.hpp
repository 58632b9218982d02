// What came of a kill, for one target: what was found there, what was done to it, and how the backend answered. The
// words are the same in SQL, over HTTP and in the metrics; end_of() is the only place that chooses one.
#pragma once

#include "session/recovery_obstacle.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::session {
class client_session;
}

namespace sessiongate::admin {

enum class kill_status : std::uint8_t {
  killed,             // the session (or server session) is closed
  killed_self,        // the caller's own: the caller gets 1317 and is closed
  query_interrupted,  // the backend confirmed
  already_idle,       // KILL QUERY on a session that runs nothing
  ended_otherwise,    // a gentle kill waited, and the session ended for another reason first
};
std::string_view to_text(kill_status status);

/// When a kill came to its end.
enum class kill_ending : std::uint8_t {
  at_once,
  after_statement,    // it waited for that
  after_transaction,  // it waited for that
  at_timeout,         // it waited in vain, and did not wait longer
};
std::string_view to_text(kill_ending ending);

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

/// The one word for how a kill ended. Where a session was closed and its statement goes on, the word is why that could
/// not be interrupted.
enum class kill_end : std::uint8_t {
  killed,
  killed_self,
  query_interrupted,
  already_idle,
  ended_otherwise,
  not_found,
  not_owner,
  ambiguous,
  forbidden,  // the caller may kill nobody in this way
  no_route,
  backend_refused,
  backend_unreachable,
  timeout,            // of the target's worker, or of the backend
  refused,            // for another reason: the command cannot be carried out as it was given
  no_longer_matches,  // a predicate chose it, and when its turn came it had changed
  unfinished,         // the proxy stopped first: what came of it is not known
};
inline constexpr std::uint8_t kill_end_count = static_cast<std::uint8_t>(kill_end::unfinished) + 1;
std::string_view to_text(kill_end end);

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
  bool was_running = false;         // when the kill came
  std::string statement{};          // what ran, its literals masked; empty: nothing, or its text is not kept
  std::chrono::microseconds ran{};  // for how long it had been running
  bool was_in_transaction = false;
  kill_ending ending = kill_ending::at_once;
  std::chrono::microseconds waited{};  // of `elapsed`, how long it waited for the session
  std::string ended_with{};            // ended_otherwise: why the session ended
  /// Of a server session that was killed or had to leave a drained backend: why its client session will not get another
  /// one (none: it will). Nothing for all other kills.
  std::optional<session::recovery_obstacle> obstacle{};
};

/// What a kill finds at its target. Any thread.
kill_outcome begin_outcome(const session::client_session& target, kill_status status);

kill_end end_of(const kill_outcome& what);

/// Whether the client session will get another server session; nothing where that is no question.
std::optional<bool> is_recoverable(const kill_outcome& what);
/// The word for why not; empty otherwise.
std::string_view obstacle_word(const kill_outcome& what);

}  // namespace sessiongate::admin
