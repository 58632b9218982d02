// What a statement will do to its session's state, read from its text: for user variables, which servers do not report,
// and for everything else where the server reports nothing. Careful: what is not plain is told as unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct assignment {
  enum class target : std::uint8_t {
    user_variable,
    system_variable,
    database,
    names_collation,  // of the client's and the results' character set, which no variable shows
  };

  target what = target::user_variable;
  std::string name;  // of variables only: without @; a system variable's in lower case, as servers report it
  /// A user variable's literal as it is written, the others' text without quotes. None: only the server can tell.
  std::optional<std::string> value;
  bool unscoped = false;  // a system variable written as @@name: to some, that is the next transaction alone
};

struct assignments {
  std::vector<assignment> all;  // in the order of the text
  bool understood = true;       // false: the text may change more of the session's own state than `all`
};

/// `complete`: the text is whole; what touches the end of one that is not is unknown. Reads SET and USE, and @x := and
/// INTO @x in all others. Any bytes will do.
assignments find_assignments(std::string_view text, bool complete);

}  // namespace sessiongate::proxy
