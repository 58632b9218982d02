#include "admin/syntax.hpp"

#include "admin/listing.hpp"
#include "admin/session_detail.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::admin {

namespace {

std::vector<std::string_view> split_parts(std::string_view syntax) {
  std::vector<std::string_view> parts;
  while (!syntax.empty()) {
    const auto end = std::min(syntax.find(' '), syntax.size());
    parts.push_back(syntax.substr(0, end));
    syntax.remove_prefix(std::min(end + 1, syntax.size()));
  }
  return parts;
}

/// Words are in upper case; what the caller chooses is not.
bool is_word(std::string_view part) {
  return std::ranges::none_of(part, [](char c) { return (c >= 'a' && c <= 'z') || c == '='; });
}

bool is_optional(std::string_view part) {
  return part.starts_with('[');
}

bool take_part(std::string_view part, token_cursor& at) {
  if (part.ends_with("()")) {
    return at.take_word(part.substr(0, part.size() - 2)) && at.take_symbol("(") && at.take_symbol(")");
  }
  while (true) {  // WORD|WORD: either
    const auto bar = part.find('|');
    if (at.take_word(part.substr(0, bar))) return true;
    if (bar == std::string_view::npos) return false;
    part.remove_prefix(bar + 1);
  }
}

}  // namespace

std::optional<words_taken> take_words(std::string_view syntax, token_cursor from, bool processlist_is_ours) {
  words_taken taken{.rest = std::move(from)};
  for (const auto part : split_parts(syntax)) {
    if (!is_word(part)) break;
    if (is_optional(part)) {
      if (taken.rest.take_word(part.substr(1, part.size() - 2))) taken.full = true;
    } else if (processlist_is_ours && part == "PROXYPROCESSLIST" && taken.rest.take_word("PROCESSLIST")) {
      taken.mysql_name = true;
      ++taken.count;
    } else if (take_part(part, taken.rest)) {
      ++taken.count;
    } else {
      return std::nullopt;
    }
  }
  return taken;
}

std::vector<std::string_view> tail_of(std::string_view syntax) {
  auto parts = split_parts(syntax);
  const auto tail = std::ranges::find_if_not(parts, is_word);
  return {tail, parts.end()};
}

std::string example_of(std::string_view syntax, std::string_view id, std::string_view ss_id) {
  std::string text;
  for (const auto part : split_parts(syntax)) {
    if (is_optional(part)) continue;
    const auto word = part == "id" || part == "number" ? id : part == "ss_id" ? ss_id : part.substr(0, part.find('|'));
    text += (text.empty() ? "" : " ") + (part == "predicate" ? "cs_id = " + std::string(id) : std::string(word));
  }
  return text;
}

std::string_view like_column_of(const command_entry& entry) {
  const auto made = entry.make({});
  if (const auto* list = std::get_if<show_table>(&made)) return find_listing(list->what).like_column;
  return std::holds_alternative<show_session>(made) ? attribute_columns().front().sql_name : std::string_view();
}

}  // namespace sessiongate::admin
