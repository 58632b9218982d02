// One end of a connection, as it is shown and compared: TCP, or a Unix socket, which has no port.
#pragma once

#include <cstdint>
#include <string>

namespace sessiongate::session {

struct endpoint {
  std::string address;  // numeric; a host name for a backend that was configured by name; a path: a Unix socket
  std::uint16_t port = 0;

  /// A client on a Unix socket: it has no address of its own.
  static endpoint local() { return {"localhost", 0}; }
  [[nodiscard]] bool is_local() const { return port == 0 && address == "localhost"; }
  [[nodiscard]] bool is_unix() const { return address.starts_with('/'); }

  /// `10.0.0.1:3306`, `[::1]:3306`, `unix:/run/mysqld/mysqld.sock`, `localhost`.
  [[nodiscard]] std::string text() const {
    if (is_unix()) return "unix:" + address;
    if (is_local()) return address;
    const auto host = address.find(':') == std::string::npos ? address : '[' + address + ']';
    return host + ':' + std::to_string(port);
  }

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

}  // namespace sessiongate::session
