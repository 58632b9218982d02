// A place in the words of one statement. Made once for each statement that may be a command; parsers take from it.
#pragma once

#include "admin/failure.hpp"
#include "admin/sql_lexer.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::admin {

class token_cursor {
 public:
  explicit token_cursor(std::vector<token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] token peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : token{};
  }
  [[nodiscard]] bool at_end() const { return at_ == tokens_.size(); }
  void skip(std::size_t count = 1) { at_ += count; }

  bool take_word(std::string_view upper) {
    return take_if(peek().kind == token_kind::word && equals_ignoring_case(peek().text, upper));
  }
  /// Both or none.
  bool take_words(std::string_view first_upper, std::string_view second_upper);
  bool take_symbol(std::string_view symbol) {
    return take_if(peek().kind == token_kind::symbol && peek().text == symbol);
  }
  /// The operator of a comparison, which may be of two characters without a blank between.
  std::string_view take_operator();

 private:
  bool take_if(bool matches) {
    if (matches) skip();
    return matches;
  }

  std::vector<token> tokens_;
  std::size_t at_ = 0;
};

/// The tokens up to the first `;`. Empty when a second statement follows it, or for what only the server can read.
std::optional<std::vector<token>> split_only_statement(std::string_view text);

/// 5010: `Unknown operator: expected an ss_id, found 'x'`.
failure malformed(std::string_view expected, const token_cursor& at);

}  // namespace sessiongate::admin
