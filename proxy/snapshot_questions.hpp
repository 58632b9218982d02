// The questions whose answers make a session_snapshot, but for its user variables (user_variable_questions.hpp): for a
// session that is about to end (snapshot_reading.hpp) and for a fresh one (state_replay.hpp).
//
// open() first: what it reads is what prepare() and ask_client_collation() then change, so that the answers come in the
// values' own bytes and no limit of the session's gets in the way. All statements are ASCII and mean the same under any
// sql_mode and character set.
#pragma once

#include "proxy/session_snapshot.hpp"
#include "proxy/statement_dialogue.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct server_version {
  bool is_mariadb = false;
  std::uint32_t number = 0;  // 101119: 10.11.19

  /// As a greeting or VERSION() tells it.
  static server_version parse(std::string_view text);
};

/// The variables that reading a session changes, and those that are best set behind everything else.
bool is_set_last(std::string_view variable);

/// `name` in backticks.
std::string quote_name(std::string_view name);

inline constexpr std::string_view no_limit = " LIMIT 18446744073709551615";  // in place of sql_select_limit

class snapshot_questions {
 public:
  /// All three outlive this object.
  snapshot_questions(statement_dialogue& dialogue, session_snapshot& into, const server_version& server,
                     std::size_t size_max);

  void open();
  void ask_client_collation();  // before prepare(), which changes it
  void prepare();
  void ask_place();      // database, role, whether the clock stands still
  void ask_variables();  // keeps what open() read

  /// open() found the session in a transaction: MariaDB tells.
  [[nodiscard]] bool in_transaction() const { return in_transaction_; }

 private:
  void take_opening(const text_answer& answer);
  void take_variables(const text_answer& answer);
  void ask_unclear_values();

  statement_dialogue& dialogue_;
  session_snapshot& into_;
  const server_version& server_;
  std::size_t size_max_;
  std::vector<system_variable> kept_;  // from open(): what prepare() changes
  std::string opened_at_;              // timestamp
  bool in_transaction_ = false;
};

}  // namespace sessiongate::proxy
