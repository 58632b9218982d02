// The words of an SQL text, as far as telling the admin commands from everything else needs them. Works on views,
// allocates nothing; any bytes will do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::admin {

enum class blank_end : std::uint8_t {
  text,                // something else starts here
  end,                 // nothing is left
  unfinished_comment,  // a /* without its end; `rest` starts at it
  executable_comment,  // /*! or /*M!: text to the servers that it is meant for; `rest` starts at it
};

/// Skips white space and comments: /* */, # and -- (which needs white space or a control character behind it, or the
/// end).
blank_end skip_blank(std::string_view& rest);

enum class token_kind : std::uint8_t {
  end,
  word,        // an identifier or keyword without quotes
  number,      // decimal digits, with a sign in front when that stands at them
  string,      // '…' or "…"; the text is without the quotes, escapes as written
  name,        // `…`
  symbol,      // one punctuation character, or what starts with a digit and is no decimal integer (0x10, 1.5)
  broken,      // a quote or comment without its end
  executable,  // an executable comment
};

struct token {
  token_kind kind = token_kind::end;
  std::string_view text{};
  char quote = '\0';  // of a string or name: which of ' " ` stands around it
};

/// Takes the next token off the front of `rest`.
token next_token(std::string_view& rest);

/// What a word, string or name says: without doubled quotes and, in strings, backslash escapes (but `\%` and `\_`,
/// which are LIKE's to read).
std::string unquote(const token& from);

constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}
/// Letters, digits, _ and $, and every byte above ASCII.
bool is_identifier_character(char c);
/// `upper` is in upper case already.
bool equals_ignoring_case(std::string_view text, std::string_view upper);

}  // namespace sessiongate::admin
