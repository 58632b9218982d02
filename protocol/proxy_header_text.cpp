#include "protocol/proxy_header_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace sessiongate::protocol {
namespace {

constexpr std::size_t v6_groups = 8;

/// A number as the protocol wants it: digits only, no zero in front.
template <class Number>
bool read_decimal(std::string_view text, Number& out) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size();
}

/// What is before the next `separator`, which goes, too.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

bool read_v4(std::string_view text, std::uint8_t* out) {
  if (std::ranges::count(text, '.') != 3) return false;
  for (int part = 0; part < 4; ++part) {
    if (!read_decimal(take_until(text, '.'), *out++)) return false;
  }
  return true;
}

struct v6_half {
  std::array<std::uint8_t, 16> address{};
  std::size_t size = 0;  // bytes
};

/// Groups with colons between them; the last may be an IPv4 address that stands for two.
bool read_groups(std::string_view text, v6_half& out) {
  while (!text.empty()) {
    const bool last = text.find(':') == std::string_view::npos;
    if (!last && text.back() == ':') return false;
    const auto part = take_until(text, ':');
    if (last && part.find('.') != std::string_view::npos) {
      if (out.size > 12 || !read_v4(part, out.address.data() + out.size)) return false;
      out.size += 4;
      return true;
    }
    std::uint16_t group = 0;
    const auto [end, ec] = std::from_chars(part.data(), part.data() + part.size(), group, 16);
    if (ec != std::errc() || end != part.data() + part.size() || part.size() > 4 || out.size > 14) return false;
    out.address[out.size++] = static_cast<std::uint8_t>(group >> 8U);
    out.address[out.size++] = static_cast<std::uint8_t>(group);
  }
  return true;
}

bool read_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  v6_half front;
  v6_half back;
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!read_groups(text, front) || front.size != out.size()) return false;
    out = front.address;
    return true;
  }
  const auto before = text.substr(0, gap);
  if (before.find('.') != std::string_view::npos) return false;
  if (!read_groups(before, front) || !read_groups(text.substr(gap + 2), back)) return false;
  if (front.size + back.size >= out.size()) return false;  // the gap stands for one group at least
  out = front.address;
  std::copy_n(back.address.begin(), back.size, out.end() - static_cast<std::ptrdiff_t>(back.size));
  return true;
}

bool read_address(std::string_view text, ip_endpoint& out) {
  return out.v6 ? read_v6(text, out.address) : read_v4(text, out.address.data());
}

std::string format_address(const ip_endpoint& of) {
  std::string text;
  if (!of.v6) {
    for (std::size_t at = 0; at < 4; ++at) text += (at > 0 ? "." : "") + std::to_string(of.address[at]);
    return text;
  }
  for (std::size_t group = 0; group < v6_groups; ++group) {
    const auto value = static_cast<std::uint16_t>(of.address[2 * group] << 8U | of.address[2 * group + 1]);
    std::array<char, 4> digits{};
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    if (group > 0) text += ':';
    text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  return text;
}

}  // namespace

std::optional<proxy_header> parse_proxy_line(std::string_view line) {
  if (take_until(line, ' ') != "PROXY") return std::nullopt;
  const auto family = take_until(line, ' ');
  if (family == "UNKNOWN") return proxy_header{};
  proxy_header value;
  value.has_addresses = true;
  value.source.v6 = value.destination.v6 = family == "TCP6";
  if (family != "TCP4" && family != "TCP6") return std::nullopt;
  if (std::ranges::count(line, ' ') != 3) return std::nullopt;
  if (!read_address(take_until(line, ' '), value.source)) return std::nullopt;
  if (!read_address(take_until(line, ' '), value.destination)) return std::nullopt;
  if (!read_decimal(take_until(line, ' '), value.source.port)) return std::nullopt;
  if (!read_decimal(line, value.destination.port)) return std::nullopt;
  return value;
}

std::string format_proxy_line(const proxy_header& value) {
  if (!value.has_addresses) return "PROXY UNKNOWN";
  return (value.source.v6 ? "PROXY TCP6 " : "PROXY TCP4 ") + format_address(value.source) + ' ' +
         format_address(value.destination) + ' ' + std::to_string(value.source.port) + ' ' +
         std::to_string(value.destination.port);
}

}  // namespace sessiongate::protocol
