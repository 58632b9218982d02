// What kind of statement a text is, by its first word alone: for statistics, and to tell the few that may change the
// session's state from all others. On the data path.
#pragma once

#include <cstdint>
#include <string_view>

namespace sessiongate::protocol {

enum class statement_kind : std::uint8_t {
  select,
  insert,  // REPLACE too
  update,
  remove,  // DELETE
  set,
  use,
  other,
};

/// White space and comments in front are skipped; an executable comment or a parenthesis makes it `other`.
statement_kind kind_of_statement(std::string_view text);

}  // namespace sessiongate::protocol
