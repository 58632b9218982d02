// What the tests of this room share: payloads written as hexadecimal text, every truncation of one, and refusals.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sessiongate::test {

inline std::uint8_t nibble(char digit) {
  const auto value = std::string_view("0123456789abcdef").find(digit);
  if (value == std::string_view::npos) throw std::invalid_argument("not a lower-case hexadecimal digit");
  return static_cast<std::uint8_t>(value);
}

/// "0a ff"_hex; blanks are for the reader.
inline protocol::bytes operator""_hex(const char* text, std::size_t size) {
  std::string digits;
  for (const char c : std::string_view(text, size)) {
    if (c != ' ') digits += c;
  }
  if (digits.size() % 2 != 0) throw std::invalid_argument("half a byte");
  protocol::bytes out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(nibble(digits[i]) << 4U | nibble(digits[i + 1])));
  }
  return out;
}

inline std::string to_hex(protocol::bytes_view raw) {
  std::string out;
  for (const auto byte : raw) {
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 0xFU];
  }
  return out;
}

inline protocol::bytes to_bytes(std::string_view text) {
  const auto raw = protocol::as_bytes(text);
  return {raw.begin(), raw.end()};
}

template <class... Parts>
protocol::bytes join(const Parts&... parts) {
  protocol::bytes out;
  (out.insert(out.end(), parts.begin(), parts.end()), ...);
  return out;
}

/// Calls `check(prefix)` for every proper prefix, the empty one too. Each has memory of its own size, so that a
/// sanitizer sees a read past its end.
template <class Check>
void for_each_prefix(protocol::bytes_view whole, Check check) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const protocol::bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    check(protocol::bytes_view(prefix));
  }
}

template <class T>
bool is_refused(const protocol::result<T>& outcome, protocol::errc why) {
  return outcome.has_error() && outcome.error() == make_error_code(why);
}

}  // namespace sessiongate::test
