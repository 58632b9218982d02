// What a statement's first words say about its hazards: a part of find_hazards().
#pragma once

#include "proxy/statement_hazards.hpp"

#include <cstddef>
#include <string_view>

namespace sessiongate::proxy {

struct statement_opening {
  statement_hazards found = 0;
  bool sets = false;      // a SET whose assignments have to be looked at
  bool fills_at = false;  // an @ in it is what it assigns to: LOAD DATA, GET DIAGNOSTICS
  bool has_text = false;  // false: nothing but white space and comments
};

/// `rest` starts where a statement starts, or at the white space before it.
statement_opening read_opening(std::string_view rest);

/// Bytes between words: white space, and every byte above ASCII, which is white space in some character set.
constexpr bool is_between_words(char c) {
  return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F;
}

constexpr bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '$';
}

/// The bytes of the comment that `rest` starts with; zero when it starts with none. All of `rest` when it does not end.
/// A comment that servers execute is one, too: is_executable() tells.
std::size_t comment_size(std::string_view rest);
bool is_executable(std::string_view comment);

/// `upper` is in upper case.
bool is_same_word(std::string_view word, std::string_view upper);

}  // namespace sessiongate::proxy
