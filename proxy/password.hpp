// Challenge responses for accounts whose password the proxy knows: root@proxysys (it verifies) and the control account
// (it answers). Implements "Native Authentication" and the fast path of "Caching SHA-2 Authentication".
#pragma once

#include <string>
#include <string_view>

namespace sessiongate::proxy {

inline constexpr std::string_view native_password_plugin = "mysql_native_password";
inline constexpr std::string_view caching_sha2_plugin = "caching_sha2_password";
inline constexpr std::string_view sha256_plugin = "sha256_password";
inline constexpr std::string_view clear_password_plugin = "mysql_clear_password";

/// 20 random bytes without zeros, as servers send them.
std::string make_nonce();

/// Empty for an empty password, as clients answer then.
std::string native_password_response(std::string_view password, std::string_view nonce);
std::string caching_sha2_response(std::string_view password, std::string_view nonce);

/// Compares in constant time.
bool same_secret(std::string_view left, std::string_view right);

}  // namespace sessiongate::proxy
