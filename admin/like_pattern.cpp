#include "admin/like_pattern.hpp"

#include <cstddef>

namespace sessiongate::admin {

namespace {

/// How many characters of the pattern match the one character of the text. 0: none.
std::size_t match_one(char c, std::string_view pattern) {
  if (pattern.empty()) return 0;
  if (pattern.front() == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  return pattern.front() == '_' || pattern.front() == c ? 1 : 0;
}

}  // namespace

bool matches_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return true;
  std::size_t at = 0;
  std::size_t pattern_at = 0;
  std::size_t retry_text = 0;
  std::size_t retry_pattern = std::string_view::npos;  // behind the last `%`
  while (at < text.size()) {
    if (pattern_at < pattern.size() && pattern[pattern_at] == '%') {
      retry_pattern = ++pattern_at;
      retry_text = at;
    } else if (const auto taken = match_one(text[at], pattern.substr(pattern_at)); taken > 0) {
      ++at;
      pattern_at += taken;
    } else if (retry_pattern != std::string_view::npos) {
      at = ++retry_text;  // the `%` takes one character more
      pattern_at = retry_pattern;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', pattern_at) == std::string_view::npos;
}

}  // namespace sessiongate::admin
