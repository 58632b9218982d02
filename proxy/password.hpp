// Challenge responses for accounts whose password the proxy knows: root@proxysys (it verifies), the control account and
// the credentials of clusters (it answers). Implements "Native Authentication", the fast path of "Caching SHA-2
// Authentication" and MariaDB's "ed25519 Authentication Plugin". Any thread.
#pragma once

#include "proxy/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

inline constexpr std::string_view native_password_plugin = "mysql_native_password";
inline constexpr std::string_view caching_sha2_plugin = "caching_sha2_password";
inline constexpr std::string_view sha256_plugin = "sha256_password";
inline constexpr std::string_view clear_password_plugin = "mysql_clear_password";
inline constexpr std::string_view ed25519_plugin = "client_ed25519";

/// 20 random bytes without zeros, as servers send them.
std::string make_nonce();

/// Empty for an empty password, as clients answer then.
std::string native_password_response(std::string_view password, std::string_view nonce);
std::string caching_sha2_response(std::string_view password, std::string_view nonce);
/// A signature of 64 bytes, the same each time; of an empty password, too.
std::string ed25519_response(std::string_view password, std::string_view nonce);

inline constexpr std::size_t native_hash_size = 20;  // bytes of a SHA-1

/// SHA1(password): all that a login with mysql_native_password takes.
secret_bytes native_hash(std::string_view password);
std::string native_hash_response(protocol::bytes_view hash, std::string_view nonce);
/// The native_hash() of who gave this response to a server that stores `stored`, SHA1(SHA1(password)). None: it was
/// given with another password.
std::optional<secret_bytes> native_hash_behind(std::string_view response, std::string_view nonce,
                                               protocol::bytes_view stored);

/// From 40 hexadecimal digits.
std::optional<secret_bytes> read_native_hash(std::string_view digits);

/// Compares in constant time.
bool same_secret(std::string_view left, std::string_view right);

}  // namespace sessiongate::proxy
