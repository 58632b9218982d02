// RSA for passwords, as caching_sha2_password and sha256_password use it where a connection is not encrypted: OAEP with
// SHA-1, keys as PEM. The key pair is the proxy's own, for clients; the functions are for a server's public key.
#pragma once

#include "proxy/secret.hpp"

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

class rsa_key {
 public:
  /// 2048 bits. Takes a tenth of a second and more: never on a worker's time. Throws std::runtime_error.
  static rsa_key generate();
  /// None when `pem` is no RSA private key.
  static std::optional<rsa_key> from_pem(std::string_view pem);

  [[nodiscard]] const std::string& public_pem() const { return public_pem_; }
  /// None when it was not encrypted for this key. Any thread.
  [[nodiscard]] std::optional<secret_bytes> decrypt(protocol::bytes_view cipher) const;

 private:
  explicit rsa_key(std::shared_ptr<EVP_PKEY> pair);

  std::shared_ptr<EVP_PKEY> pair_;
  std::string public_pem_;
};

/// None when `public_pem` is no RSA public key of a usual size, or `plain` is too long for it.
std::optional<secret_bytes> rsa_encrypt(std::string_view public_pem, protocol::bytes_view plain);

/// How both plugins mix a password with the nonce before they encrypt it, and back: the nonce is repeated as needed.
/// `nonce` must not be empty.
void mix_with_nonce(secret_bytes& password, std::string_view nonce);

}  // namespace sessiongate::proxy
