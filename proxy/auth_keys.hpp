// The RSA keys of logins: the proxy's own, for clients on plain connections while the backend's is encrypted, and the
// backend's public one where it is configured. Made before any thread starts, and outlives them; any thread.
#pragma once

#include "proxy/config.hpp"
#include "proxy/rsa_key.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace sessiongate::proxy {

class auth_keys {
 public:
  /// Reads the files that are configured. Throws std::runtime_error when one has no key.
  explicit auth_keys(const config& settings);
  ~auth_keys();
  auth_keys(const auth_keys&) = delete;
  auth_keys& operator=(const auth_keys&) = delete;

  /// The backend is encrypted: a client may need the proxy's key. Unless it came from a file, it is generated now, on a
  /// thread of its own.
  void prepare();
  /// Null until there is one.
  [[nodiscard]] const rsa_key* own() const { return ready_.load(std::memory_order_acquire) ? &*own_ : nullptr; }
  /// Null when it is not configured.
  [[nodiscard]] const std::string* backend_public_pem() const { return backend_pem_.empty() ? nullptr : &backend_pem_; }

 private:
  std::optional<rsa_key> own_;  // written before ready_ is, and never again
  std::string backend_pem_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> asked_{false};
  std::thread maker_;  // started by whoever asked first, joined by the destructor
};

}  // namespace sessiongate::proxy
