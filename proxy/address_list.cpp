#include "proxy/address_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace sessiongate::proxy {

namespace {

namespace ip = boost::asio::ip;

constexpr std::array private_networks{"127.0.0.0/8",    "::1/128",        "10.0.0.0/8", "172.16.0.0/12",
                                      "192.168.0.0/16", "169.254.0.0/16", "fc00::/7",   "fe80::/10"};
constexpr std::array all_networks{"0.0.0.0/0", "::/0"};

ip::address as_v4_if_mapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

bool same_bits(std::span<const unsigned char> left, std::span<const unsigned char> right, std::size_t count) {
  const auto whole = count / 8;
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) return false;
  const auto rest = count % 8;
  return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<address_list::network> address_list::parse(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code ec;
  const auto base = ip::make_address(std::string(text.substr(0, slash)), ec);
  if (ec) return std::nullopt;
  const std::size_t bits = base.is_v4() ? 32 : 128;
  network parsed{base, bits};
  if (slash == std::string_view::npos) {
    parsed.base = as_v4_if_mapped(base);
    parsed.prefix = parsed.base.is_v4() ? 32 : bits;
    return parsed;
  }
  const auto length = text.substr(slash + 1);
  const auto [end, wrong] = std::from_chars(length.data(), length.data() + length.size(), parsed.prefix);
  if (wrong != std::errc() || end != length.data() + length.size() || parsed.prefix > bits) return std::nullopt;
  return parsed;
}

bool address_list::add(std::string_view text) {
  const auto parsed = parse(text);
  const bool local = text == "localhost";
  unix_sockets_ |= local || text == "private" || text == "any";
  if (parsed) networks_.push_back(*parsed);
  if (text == "private")
    for (const auto* each : private_networks) networks_.push_back(*parse(each));
  else if (text == "any")
    for (const auto* each : all_networks) networks_.push_back(*parse(each));
  else if (!parsed && !local)
    return false;
  given_.emplace_back(text);
  return true;
}

bool address_list::contains(std::string_view address) const {
  if (address == "localhost") return unix_sockets_;  // as the clients of a Unix socket are shown
  boost::system::error_code ec;
  const auto parsed = ip::make_address(std::string(address), ec);
  if (ec) return false;
  const auto sought = as_v4_if_mapped(parsed);
  return std::ranges::any_of(networks_, [&](const network& each) {
    if (each.base.is_v4() != sought.is_v4()) return false;
    if (sought.is_v4()) return same_bits(each.base.to_v4().to_bytes(), sought.to_v4().to_bytes(), each.prefix);
    return same_bits(each.base.to_v6().to_bytes(), sought.to_v6().to_bytes(), each.prefix);
  });
}

std::string address_list::text() const {
  return fmt::format("{}", fmt::join(given_, ","));
}

}  // namespace sessiongate::proxy
