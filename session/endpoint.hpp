// One end of a connection, as it is shown and compared.
#pragma once

#include <cstdint>
#include <string>

namespace sessiongate::session {

struct endpoint {
  std::string address;  // numeric, or a host name for a backend that was configured by name
  std::uint16_t port = 0;

  /// `10.0.0.1:3306`, `[::1]:3306`.
  [[nodiscard]] std::string text() const {
    const auto host = address.find(':') == std::string::npos ? address : '[' + address + ']';
    return host + ':' + std::to_string(port);
  }

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

}  // namespace sessiongate::session
