// What OpenSSL needs for each of the two sides, made from the settings: certificates, keys, who is trusted, protocol
// versions. Replaced as a whole when the files have changed; connections keep what they began with.
//
// Any thread; reload() on one at a time.
#pragma once

#include "proxy/config.hpp"
#include "proxy/self_signed.hpp"

#include "session/published.hpp"

#include <openssl/types.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace sessiongate::proxy {

struct ssl_deleter {
  void operator()(SSL* dead) const;
};
using ssl_handle = std::unique_ptr<SSL, ssl_deleter>;

class tls_context {
 public:
  /// Throws std::runtime_error with the reason, which names the setting.
  explicit tls_context(const config& settings);

  [[nodiscard]] bool offers_clients() const { return client_mode_ != tls_mode::disabled; }
  [[nodiscard]] bool requires_clients() const { return client_mode_ == tls_mode::required; }

  /// For a client's connection. Needs offers_clients().
  [[nodiscard]] ssl_handle accept() const;
  /// For a connection to that backend, as it is configured: SNI, and what its certificate must name.
  [[nodiscard]] ssl_handle connect(const session::endpoint& to) const;

  /// Reads the files again. Throws as the constructor does; then what was there before stays in force.
  void reload();

 private:
  using side = std::shared_ptr<SSL_CTX>;

  side make_client_side() const;
  side make_backend_side() const;

  const config& settings_;
  tls_mode client_mode_;
  self_signed_identity own_;  // --client-tls-cert auto: made once, stays over reloads
  session::published<side> client_;
  session::published<side> backend_;
};

}  // namespace sessiongate::proxy
