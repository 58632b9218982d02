#include "proxy/network_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sessiongate::proxy {

namespace {

namespace ip = boost::asio::ip;

std::vector<unsigned char> bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

/// The address with all bits behind the prefix zero.
std::vector<unsigned char> masked(const ip::address& address, unsigned prefix) {
  auto bytes = bytes_of(address);
  for (unsigned bit = prefix; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] &= static_cast<unsigned char>(~(0x80U >> bit % 8));
  }
  return bytes;
}

}  // namespace

std::optional<network_list::network> network_list::parse(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code ec;
  network found{ip::make_address(std::string(text.substr(0, slash)), ec), 0};
  if (ec) return std::nullopt;
  const unsigned longest = found.address.is_v4() ? 32 : 128;
  found.prefix = longest;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), found.prefix);
    if (wrong != std::errc() || end != digits.data() + digits.size() || found.prefix > longest) return std::nullopt;
  }
  if (masked(found.address, found.prefix) != bytes_of(found.address)) return std::nullopt;
  return found;
}

bool network_list::add(std::string_view text) {
  if (text == "localhost") {
    local_ = true;
  } else {
    const auto found = parse(text);
    if (!found) return false;
    networks_.push_back(*found);
  }
  text_ += (text_.empty() ? "" : ",") + std::string(text);
  return true;
}

bool network_list::contains(const std::string& address) const {
  if (address == "localhost") return local_;
  if (networks_.empty()) return false;
  boost::system::error_code ec;
  const auto wanted = ip::make_address(address, ec);
  return !ec && std::ranges::any_of(networks_, [&](const network& each) {
    return each.address.is_v4() == wanted.is_v4() && masked(wanted, each.prefix) == bytes_of(each.address);
  });
}

}  // namespace sessiongate::proxy
