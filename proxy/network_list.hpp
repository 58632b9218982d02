// Networks by their addresses: `10.0.0.0/8`, `2001:db8::/32`, one address, or `localhost` for Unix sockets.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class network_list {
 public:
  /// Adds one. False: it is no network, or has bits set behind its prefix.
  bool add(std::string_view text);

  [[nodiscard]] bool empty() const { return networks_.empty() && !local_; }
  /// `address` as it is shown: numeric, or `localhost`.
  [[nodiscard]] bool contains(const std::string& address) const;
  /// As they were given.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct network {
    boost::asio::ip::address address;
    unsigned prefix = 0;  // bits
  };
  static std::optional<network> parse(std::string_view text);

  std::vector<network> networks_;
  bool local_ = false;
  std::string text_;
};

}  // namespace sessiongate::proxy
