// The RSA keys of logins: the proxy's own, for clients on plain connections while the backend's is encrypted, and the
// backend's public one where it is configured. Made before any thread starts, never changed, and outlives them; any
// thread.
#pragma once

#include "proxy/config.hpp"
#include "proxy/rsa_key.hpp"

#include <optional>
#include <string>

namespace sessiongate::proxy {

class auth_keys {
 public:
  /// Reads the files that are configured. Where the backend may get passwords as they are, by TLS or a Unix socket, and
  /// there is no file with the proxy's key, one is made, which takes a tenth of a second and more. Throws
  /// std::runtime_error when a file has no key.
  explicit auth_keys(const config& settings);
  auth_keys(const auth_keys&) = delete;
  auth_keys& operator=(const auth_keys&) = delete;

  /// Null when no client can need it.
  [[nodiscard]] const rsa_key* own() const { return own_ ? &*own_ : nullptr; }
  /// Null when it is not configured.
  [[nodiscard]] const std::string* backend_public_pem() const { return backend_pem_.empty() ? nullptr : &backend_pem_; }

 private:
  std::optional<rsa_key> own_;
  std::string backend_pem_;
};

}  // namespace sessiongate::proxy
