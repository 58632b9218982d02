// Reads the whole state of a live server session that is about to be ended: its snapshot, or what stands in the way of
// rebuilding it elsewhere. The session must have no statement running and is not the same afterwards (its character
// sets, limits and named locks are gone): it has to be ended.
//
// What a server does not tell is taken from the texts that the session has sent (`seen`), never guessed: what was set
// in advance for the next transaction, too, for MariaDB's tracker tells that only when it was on at the time. No I/O:
// statement_dialogue.hpp.
#pragma once

#include "proxy/session_snapshot.hpp"
#include "proxy/snapshot_questions.hpp"
#include "proxy/statement_dialogue.hpp"
#include "proxy/user_variable_questions.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sessiongate::proxy {

struct reading_input {
  server_version server;
  statement_hazards seen = 0;  // by all statements of the server session so far
  /// The user variables that the session's texts set, for servers that do not list them; `all_known`: there can be no
  /// others.
  std::vector<std::string> user_variables;
  bool all_known = false;
  std::size_t size_max = 0;  // of the snapshot, in bytes
};

class snapshot_reading {
 public:
  snapshot_reading(reading_input input, protocol::capabilities negotiated);
  snapshot_reading(const snapshot_reading&) = delete;
  snapshot_reading& operator=(const snapshot_reading&) = delete;

  [[nodiscard]] std::optional<protocol::bytes_view> next() const { return dialogue_.next(); }
  void take(protocol::bytes_view packets) { dialogue_.take(packets); }

  /// When next() has nothing more. With an obstacle the snapshot is of no use.
  [[nodiscard]] const recovery_failure& failure() const { return dialogue_.failure(); }
  [[nodiscard]] session_snapshot& snapshot() { return snapshot_; }

 private:
  void ask_what_it_holds();
  void take_counters(const text_answer& answer);
  void ask_table_locks();
  void ask_xa();
  void ask_named_locks();
  [[nodiscard]] bool saw(statement_hazards any_of) const { return (input_.seen & any_of) != 0; }

  reading_input input_;
  statement_dialogue dialogue_;
  session_snapshot snapshot_;
  snapshot_questions questions_;
  user_variable_questions user_variables_;
  bool xa_ = false;  // there was an XA START
};

}  // namespace sessiongate::proxy
