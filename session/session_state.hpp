// What is known of a session's state on the server, apart from its database: variables, last_insert_id, and how often
// each part has changed. Changed by the session's worker alone, read by every thread. A session that never sets
// anything shares its variables with all others that logged in alike.
#pragma once

#include "session/published.hpp"
#include "session/state_versions.hpp"
#include "session/tracked_variables.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sessiongate::session {

/// One variable that has been set. Without a value: to something that only the server can evaluate.
struct variable_change {
  std::string name;
  std::optional<std::string> value;
};

class session_state {
 public:
  // Any thread.
  [[nodiscard]] const state_versions& versions() const { return versions_; }
  [[nodiscard]] tracked_snapshot variables() const { return variables_.load(); }
  /// Zero: none yet.
  [[nodiscard]] std::uint64_t last_insert_id() const { return last_insert_id_.load(std::memory_order_relaxed); }

  // The worker only.
  /// What the server reported at login: known, but nothing that the client changed.
  void begin_with(tracked_snapshot reported) { variables_.store(std::move(reported)); }
  void set_system_variables(const std::vector<variable_change>& changes);
  /// Behind the change of the character sets that it belongs to. None: one that only the server knows.
  void set_names_collation(const std::optional<std::string>& name);
  /// `limit`: how many user variables are kept.
  void set_user_variables(const std::vector<variable_change>& changes, std::size_t limit);
  void set_last_insert_id(std::uint64_t id);
  /// COM_RESET_CONNECTION and COM_CHANGE_USER: the server has forgotten what the client set.
  void reset();
  void count_database_change(bool dropped);

 private:
  template <class Step>
  void change(Step step);

  state_versions versions_;
  std::atomic<std::uint64_t> last_insert_id_{0};
  published<tracked_variables> variables_{no_variables()};
};

}  // namespace sessiongate::session
