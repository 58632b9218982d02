// What is known of a session whose server session was lost before anybody could ask it: what was tracked, and the
// server's global variables when it logged in and now. Makes the snapshot that a fresh session has to be brought to.
#pragma once

#include "proxy/session_snapshot.hpp"
#include "proxy/statement_dialogue.hpp"

#include "session/tracked_variables.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

using global_variables = std::map<std::string, std::string, std::less<>>;  // names in lower case

struct tracked_state {
  session::tracked_snapshot variables = session::no_variables();
  std::optional<std::string> database;  // in the bytes that the server reported
  /// None: not known (an OK packet tells an explicit value for an AUTO_INCREMENT column, too, which does not become
  /// LAST_INSERT_ID()).
  std::optional<std::uint64_t> last_insert_id = 0;
  statement_hazards seen = 0;                              // by all statements of the server session
  std::shared_ptr<const global_variables> globals_before;  // when the old session logged in
  std::shared_ptr<const global_variables> globals_now;     // when the fresh one did
};

/// Before a fresh session is opened: whether there is any use in it.
recovery_failure find_obstacle(const tracked_state& from);

/// What `fresh`, which nothing has been done to, has to become. With no user variables: those are literals, to be set
/// again as they were written.
struct tracked_wanted {
  session_snapshot wanted;
  recovery_failure failure;
};
tracked_wanted make_wanted(const tracked_state& from, const session_snapshot& fresh);

/// The statements that set the user variables, for a session whose system variables are those wanted already.
std::vector<std::string> user_variable_statements(const tracked_state& from);

}  // namespace sessiongate::proxy
