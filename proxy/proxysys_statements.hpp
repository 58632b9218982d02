// What root@proxysys may say besides the admin commands: the statements that drivers and command-line clients send by
// themselves when they start. A pure function; no session, no socket.
#pragma once

#include "protocol/result_set_writer.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::proxy {

struct builtin_ok {};
struct builtin_rows {
  std::vector<protocol::result_column> columns;
  std::vector<protocol::result_row> rows;
};
struct builtin_unknown {};

struct builtin_context {
  std::string server_version;
  std::uint32_t cs_id = 0;
};

/// SET, USE, BEGIN, COMMIT … are accepted without effect; SELECT of system variables and a few functions, SHOW
/// VARIABLES, SHOW WARNINGS and the like are answered.
std::variant<builtin_unknown, builtin_ok, builtin_rows> answer_builtin(std::string_view text,
                                                                       const builtin_context& context);

}  // namespace sessiongate::proxy
