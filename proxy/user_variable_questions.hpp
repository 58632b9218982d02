// The questions whose answers are a session's user variables, with their types, character sets and collations: of its
// session_snapshot. Behind snapshot_questions::ask_variables(), under what prepare() has set.
#pragma once

#include "proxy/session_snapshot.hpp"
#include "proxy/statement_dialogue.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sessiongate::proxy {

struct server_version;

class user_variable_questions {
 public:
  /// All three outlive this object. `size_max`: of the whole snapshot, in bytes.
  user_variable_questions(statement_dialogue& dialogue, session_snapshot& into, const server_version& server,
                          std::size_t size_max);

  /// For servers that do not list them: `names` (UTF-8), and whether there can be no others.
  void ask(std::vector<std::string> names, bool all_known);

 private:
  void take_names(const text_answer& answer, const std::vector<std::string>& names, bool all_known);
  void ask_sizes(std::vector<std::string> names);
  void take_sizes(const text_answer& answer, const std::vector<std::string>& names);
  void ask_values();
  void take_values(const text_answer& answer, std::size_t from, std::size_t count);

  statement_dialogue& dialogue_;
  session_snapshot& into_;
  const server_version& server_;
  std::size_t size_max_;
  std::vector<std::size_t> sizes_;  // of into_.user, in bytes
  std::vector<std::string> unset_;  // that somebody named and the session does not have
};

}  // namespace sessiongate::proxy
