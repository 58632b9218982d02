#include "admin/statement_sieve.hpp"

#include "admin/sql_lexer.hpp"

#include <optional>

namespace sessiongate::admin {

namespace {

sieve_verdict undecided(bool complete) {
  return complete ? sieve_verdict::not_ours : sieve_verdict::need_more;
}

/// Skips blank space. Empty: there is a text at `rest` to look at.
std::optional<sieve_verdict> sieve_blank(std::string_view& rest, bool complete) {
  const auto end = skip_blank(rest);
  if (end == blank_end::executable_comment) return sieve_verdict::not_ours;
  if (end != blank_end::text || rest == "/" || rest == "-") return undecided(complete);
  return std::nullopt;
}

/// Takes `word` off the front of `rest`. Empty: it was there, whole.
std::optional<sieve_verdict> sieve_word(std::string_view& rest, std::string_view word, bool complete) {
  const auto head = rest.substr(0, word.size());
  if (!equals_ignoring_case(head, word.substr(0, head.size()))) return sieve_verdict::not_ours;
  if (head.size() < word.size()) return undecided(complete);
  rest.remove_prefix(word.size());
  if (rest.empty()) return complete ? std::nullopt : std::optional(sieve_verdict::need_more);
  return is_identifier_character(rest.front()) ? std::optional(sieve_verdict::not_ours) : std::nullopt;
}

/// The next word begins with `prefix`.
sieve_verdict sieve_prefix(std::string_view rest, std::string_view prefix, bool complete) {
  const auto head = rest.substr(0, prefix.size());
  if (!equals_ignoring_case(head, prefix.substr(0, head.size()))) return sieve_verdict::not_ours;
  return head.size() < prefix.size() ? undecided(complete) : sieve_verdict::maybe;
}

/// `first` and then a word that begins with `prefix`.
sieve_verdict sieve_pair(std::string_view rest, std::string_view first, std::string_view prefix, bool complete) {
  if (const auto decided = sieve_word(rest, first, complete)) return *decided;
  if (const auto decided = sieve_blank(rest, complete)) return *decided;
  return sieve_prefix(rest, prefix, complete);
}

/// For most statements one look at the word behind SELECT is enough.
bool is_other_select(std::string_view rest) {
  constexpr std::size_t second_word = 7;  // behind SELECT and a space
  return rest.size() > second_word && rest[second_word - 1] == ' ' && is_identifier_character(rest[second_word]) &&
         to_upper(rest[second_word]) != 'P';
}

/// SHOW [FULL] PROXY…, SHOW [FULL] PROCESSLIST.
sieve_verdict sieve_show(std::string_view rest, bool complete) {
  if (const auto decided = sieve_word(rest, "SHOW", complete)) return *decided;
  if (const auto decided = sieve_blank(rest, complete)) return *decided;
  if (to_upper(rest.front()) == 'F') return sieve_pair(rest, "FULL", "PRO", complete);
  return sieve_prefix(rest, "PRO", complete);
}

}  // namespace

sieve_verdict sieve_statement(std::string_view text_so_far, bool complete) {
  if (text_so_far.size() > statement_size_max) return sieve_verdict::not_ours;
  auto rest = text_so_far;
  if (const auto decided = sieve_blank(rest, complete)) return *decided;
  switch (to_upper(rest.front())) {
    case 'K':
      return sieve_word(rest, "KILL", complete).value_or(sieve_verdict::maybe);
    case 'S':
      if (rest.size() < 2) return undecided(complete);
      if (to_upper(rest[1]) == 'E') {
        if (is_other_select(rest)) return sieve_verdict::not_ours;
        return sieve_pair(rest, "SELECT", "PROXY_VERSION", complete);
      }
      return sieve_show(rest, complete);
    case 'A':
      return sieve_pair(rest, "ALTER", "PROXYCONFIG", complete);
    case 'P':
      return sieve_pair(rest, "PING", "PROXY", complete);
    case 'D':
      return sieve_pair(rest, "DRAIN", "PROXY", complete);
    case 'U':
      return sieve_pair(rest, "UNDRAIN", "PROXYCLUSTER", complete);
    case 'C':
      return sieve_pair(rest, "CANCEL", "PROXYSESSION", complete);
    default:
      return sieve_verdict::not_ours;
  }
}

}  // namespace sessiongate::admin
