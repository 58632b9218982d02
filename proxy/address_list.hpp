// Addresses and networks, as settings name them: who may log in from where.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class address_list {
 public:
  address_list() = default;
  /// One entry that add() takes: for defaults.
  explicit address_list(std::string_view text) { add(text); }

  /// Takes `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`, `localhost` for Unix sockets, `any`, and `private`: Unix sockets,
  /// loopback, link-local, RFC 1918 and the unique local IPv6 addresses. False when it is none of them.
  bool add(std::string_view text);

  /// An IPv4 address that is written as IPv6 (::ffff:10.0.0.1) is the IPv4 address. What is no address is in no list.
  [[nodiscard]] bool contains(std::string_view address) const;

  /// As it was given, with commas.
  [[nodiscard]] std::string text() const;

 private:
  struct network {
    boost::asio::ip::address base;
    std::size_t prefix = 0;  // bits that count
  };
  static std::optional<network> parse(std::string_view text);

  std::vector<network> networks_;
  bool unix_sockets_ = false;
  std::vector<std::string> given_;
};

}  // namespace sessiongate::proxy
