// Gives a fresh server session the state of one that was lost, and proves it by reading it back. No I/O:
// statement_dialogue.hpp. The fresh session has logged in as the old one did: same account, capabilities, character
// set; its database may be any or none.
//
// Two kinds of wanted state: a snapshot that was read from the old session (snapshot_reading.hpp), and what was tracked
// of a session that nobody could ask any more (tracked_state.hpp).
#pragma once

#include "proxy/session_snapshot.hpp"
#include "proxy/snapshot_questions.hpp"
#include "proxy/statement_dialogue.hpp"
#include "proxy/tracked_state.hpp"
#include "proxy/user_variable_questions.hpp"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace sessiongate::proxy {

using wanted_state = std::variant<session_snapshot, tracked_state>;

class state_replay {
 public:
  /// `size_max`: of the fresh session's snapshot, in bytes.
  state_replay(wanted_state wanted, server_version server, std::size_t size_max, protocol::capabilities negotiated);
  state_replay(const state_replay&) = delete;
  state_replay& operator=(const state_replay&) = delete;

  [[nodiscard]] std::optional<protocol::bytes_view> next() const { return dialogue_.next(); }
  void take(protocol::bytes_view packets) { dialogue_.take(packets); }

  /// When next() has nothing more. With an obstacle the fresh session is of no use and has to be ended.
  [[nodiscard]] const recovery_failure& failure() const { return dialogue_.failure(); }
  /// hazard::reads_…: what the client must not be let ask, for the fresh session's answer would be another one.
  [[nodiscard]] statement_hazards unanswerable() const { return wanted_.unanswerable; }
  /// How many statements set something: for the log.
  [[nodiscard]] std::size_t replayed() const { return replayed_; }

 private:
  void set_place();
  void find_wanted();
  void set_user_variables();
  void set_variables();
  void verify();
  void finish();
  void take_tracked_names();
  void find_collations();
  void take_collations(const text_answer& answer);
  void set_names();
  void set_character_sets();
  void set_last();
  void check_last();
  [[nodiscard]] const system_variable* find_last(std::string_view name) const;
  void set_literals();
  void set(std::string statement, std::string name);
  void set_together(const std::vector<const system_variable*>& changes);
  void set_all(const std::vector<const system_variable*>& changes);
  void set_one_by_one(const std::vector<const system_variable*>& changes);

  server_version server_;
  std::size_t size_max_;
  statement_dialogue dialogue_;
  session_snapshot wanted_;
  session_snapshot seeds_;                     // of wanted_: those of RAND()
  std::vector<system_variable> set_last_;      // of wanted_, taken out of it
  std::vector<std::string> not_the_sessions_;  // what turned out to be the server's alone
  std::optional<tracked_state> tracked_;
  session_snapshot fresh_;
  session_snapshot actual_;
  snapshot_questions fresh_questions_;
  snapshot_questions actual_questions_;
  user_variable_questions actual_user_variables_;
  std::string client_collation_;         // wanted; empty: the default
  std::uint16_t results_collation_ = 0;  // wanted; zero: none, or not known
  std::string client_name_;              // of it, and of the other one, where it is not the default
  std::string results_name_;
  std::string named_;  // the character set that SET NAMES has set
  std::string names_;  // its collation
  bool client_is_checked_ = true;
  std::size_t replayed_ = 0;
};

}  // namespace sessiongate::proxy
