// The syntax column of the command table, read: `SHOW [FULL] PROXYPROCESSLIST [filter]` is the grammar and its own
// documentation.
#pragma once

#include "admin/command_table.hpp"
#include "admin/token_cursor.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

struct words_taken {
  std::size_t count = 0;    // of the words that have to be there
  bool full = false;        // a [WORD] was there
  bool mysql_name = false;  // PROCESSLIST stood for PROXYPROCESSLIST
  token_cursor rest;
};

/// Takes the words that a command begins with. Empty: it is another command. PROCESSLIST stands for PROXYPROCESSLIST
/// where `processlist_is_ours`.
std::optional<words_taken> take_words(std::string_view syntax, token_cursor from, bool processlist_is_ours);

/// What comes behind the words: `[id]`, `[filter]`, `name`, `=` …
std::vector<std::string_view> tail_of(std::string_view syntax);

/// A statement of this syntax, with what may be left out left out: id and ss_id as given, a predicate about that id,
/// `name` and `value` as they are.
std::string example_of(std::string_view syntax, std::string_view id, std::string_view ss_id);

/// What LIKE alone looks at in the command's listing; empty when it gives none.
std::string_view like_column_of(const command_entry& entry);

}  // namespace sessiongate::admin
