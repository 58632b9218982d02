#include "protocol/statement_kind.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sessiongate::protocol {

namespace {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

constexpr char to_lower(char c) {
  return static_cast<char>(c | 0x20);
}

constexpr bool is_word_character(char c) {
  return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// `word` is in lower case, and eight letters at most.
bool begins_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  std::array<char, sizeof(std::uint64_t)> head{};
  std::array<char, sizeof(std::uint64_t)> wanted{};
  std::memcpy(head.data(), text.data(), word.size());
  std::memcpy(wanted.data(), word.data(), word.size());
  // All letters at once: 0x20 is what tells small letters from capitals.
  const auto letters = std::bit_cast<std::uint64_t>(head) | 0x2020202020202020U;
  if (letters != (std::bit_cast<std::uint64_t>(wanted) | 0x2020202020202020U)) return false;
  return text.size() == word.size() || !is_word_character(text[word.size()]);
}

/// Behind one comment that starts at `text`; the end when it has none, or when it is executable.
std::string_view behind_comment(std::string_view text) {
  const bool block = text.starts_with("/*") && !text.starts_with("/*!") && !text.starts_with("/*M!");
  const bool line = text.starts_with('#') || text.starts_with("--");
  if (!block && !line) return {};
  const auto end = block ? text.find("*/", 2) : text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + (block ? 2 : 1));
}

}  // namespace

statement_kind kind_of_statement(std::string_view text) {
  while (!text.empty()) {
    const char first = text.front();
    switch (to_lower(first)) {
      case 's':
        if (begins_with_word(text, "select")) return statement_kind::select;
        return begins_with_word(text, "set") ? statement_kind::set : statement_kind::other;
      case 'i':
        return begins_with_word(text, "insert") ? statement_kind::insert : statement_kind::other;
      case 'r':
        return begins_with_word(text, "replace") ? statement_kind::insert : statement_kind::other;
      case 'u':
        if (begins_with_word(text, "update")) return statement_kind::update;
        return begins_with_word(text, "use") ? statement_kind::use : statement_kind::other;
      case 'd':
        return begins_with_word(text, "delete") ? statement_kind::remove : statement_kind::other;
      default:
        break;
    }
    if (is_space(first)) {
      text.remove_prefix(1);
    } else if (first == '/' || first == '#' || first == '-') {
      text = behind_comment(text);
    } else {
      break;
    }
  }
  return statement_kind::other;
}

}  // namespace sessiongate::protocol
