// What was asked to be killed, by whom, and what came of it: a ring with a limit, the only memory of kills that were
// refused, and where the audit file and the live events learn of them. Every kill that is begun leaves exactly one
// record: execute() begins one for each target, whoever asks and over whichever face, and so does what the proxy ends
// by itself. Any thread.
#pragma once

#include "admin/command.hpp"
#include "admin/command_kind.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"
#include "session/registry.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sessiongate::admin {

struct kill_record {
  std::uint64_t number = 0;  // 1, 2, 3 … without gaps, in the order in which kills ended; given by the log
  std::chrono::system_clock::time_point at{};  // when it was begun
  principal by;
  command_kind verb = command_kind::kill_session;
  std::optional<session_id> id{};  // as it was given; none: a kill of several that was refused as a whole
  std::string reason;              // why, in the words of the one who asked
  kill_end end = kill_end::killed;
  kill_outcome target;                                // cs_id 0: none was found
  std::shared_ptr<const session::identity> identity;  // the target's; null: none was found
  std::string host;                                   // the target's, as listings show them; empty: none
  std::string database;
  std::string backend;
  std::string message;  // of a kill that failed
};

/// Who wants what of whom, before anything is done. What is known of the target is kept when `id` names one session,
/// which may be gone afterwards.
kill_record begin_record(const command& what, const principal& who, const session::registry& sessions);

/// The same for a session that is at hand; `who` may be the proxy itself.
kill_record begin_record(command_kind verb, const principal& who, const session::client_session& target,
                         std::string reason = {});

/// What came of it.
kill_record conclude(kill_record begun, const result& done);

class kill_log {
 public:
  using entry = std::shared_ptr<const kill_record>;
  /// Called for each record, in the order of their numbers, under a lock: it only takes the record along.
  using listener = std::function<void(const entry&)>;

  /// Zero keeps none; the listener hears of them all the same.
  explicit kill_log(std::size_t limit, listener told = {}) : limit_(limit), told_(std::move(told)) {}

  /// One that is over already.
  void add(kill_record done);
  /// The last one first.
  [[nodiscard]] std::vector<entry> list() const;
  /// Whether a session with this cs_id is the target of one that is kept.
  [[nodiscard]] bool holds(std::uint32_t cs_id) const;
  /// How many were begun and are not over.
  [[nodiscard]] std::size_t under_way() const;
  /// Records what is under way as unfinished: nobody is left to finish it.
  void close();

 private:
  friend class open_kill;
  void open(const entry& begun);
  /// Nothing when close() has recorded it.
  void conclude(const entry& begun, kill_record done);
  void withdraw(const entry& begun);
  entry append(kill_record done);  // gives the record that went for it, to die after the lock is gone

  const std::size_t limit_;
  const listener told_;
  mutable std::mutex mutex_;
  std::uint64_t last_number_ = 0;
  std::deque<entry> kept_;
  boost::unordered_flat_map<std::uint32_t, std::size_t> targets_;  // cs_id -> how many of those kept
  std::unordered_set<entry> open_;
};

/// A kill that is under way. Lives where the kill is carried out, in a coroutine's frame mostly: when that is cut off,
/// the record says so.
class open_kill {
 public:
  open_kill(kill_log& log, kill_record begun);
  ~open_kill();
  open_kill(open_kill&& from) noexcept : log_(from.log_), begun_(std::move(from.begun_)) {}
  open_kill(const open_kill&) = delete;
  open_kill& operator=(const open_kill&) = delete;
  open_kill& operator=(open_kill&&) = delete;

  [[nodiscard]] const kill_record& begun() const { return *begun_; }
  /// Once.
  void conclude(const result& done);
  /// Without an outcome: why there is none.
  void conclude(kill_end end, std::string message);
  /// It leaves no record of its own: it was a command about several, each of which has one.
  void withdraw();

 private:
  void finish(kill_record done);

  kill_log& log_;
  kill_log::entry begun_;  // null: it is over
};

}  // namespace sessiongate::admin
