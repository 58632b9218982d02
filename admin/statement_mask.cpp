#include "admin/statement_mask.hpp"

#include "admin/sql_lexer.hpp"

namespace sessiongate::admin {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The sign of a number stays: it may be an operator (`a-5`).
void append_number(std::string& out, std::string_view text) {
  if (!is_digit(text.front())) out += text.front();
  out += '?';
}

void append_masked(std::string& out, const token& each) {
  switch (each.kind) {
    case token_kind::word:
      out += each.text;
      break;
    case token_kind::number:
      append_number(out, each.text);
      break;
    case token_kind::symbol:
      if (each.text.size() > 1)
        append_number(out, each.text);  // 1.5, 0xFF, +2e3
      else
        out += each.text;
      break;
    case token_kind::name:
      out += '`';
      out += each.text;
      out += '`';
      break;
    case token_kind::string:
    case token_kind::broken:
    case token_kind::executable:
      out += '?';
      break;
    case token_kind::end:
      break;
  }
}

}  // namespace

std::string mask_literals(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const auto before = text.size();
    skip_blank(text);
    const bool blank = text.size() != before;
    const auto each = next_token(text);
    if (each.kind == token_kind::end) return out;
    const bool comment =
        !out.empty() && out.back() == '-' && each.text.starts_with('-');  // two of them could begin one
    if ((blank && !out.empty()) || comment) out += ' ';
    append_masked(out, each);
  }
}

}  // namespace sessiongate::admin
