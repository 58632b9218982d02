#include "proxy/credential.hpp"

#include "proxy/password.hpp"

#include "protocol/auth_packets.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t nonce_size = 20;
constexpr std::size_t ed25519_nonce_size = 32;

/// Full authentication; some servers leave the first byte out.
bool asks_for_password(protocol::bytes_view request) {
  constexpr std::uint8_t perform_full_authentication = 0x04;
  const bool marked = request.size() == 2 && request.front() == protocol::auth_more_data_header;
  return (marked || request.size() == 1) && request.back() == perform_full_authentication;
}

}  // namespace

std::shared_ptr<const credential> credential::of_password(std::string_view password) {
  return std::shared_ptr<const credential>(new credential(kind::password, protocol::as_bytes(password)));
}

std::shared_ptr<const credential> credential::of_native_hash(protocol::bytes_view hash) {
  return std::shared_ptr<const credential>(new credential(kind::native_hash, hash));
}

/// Of the plugins that prove a password without telling it.
std::optional<std::string> credential::respond(std::string_view plugin, std::string_view nonce) const {
  if (kind_ == kind::native_hash) {
    if (plugin != native_password_plugin) return std::nullopt;
    return native_hash_response(secret_, nonce.substr(0, nonce_size));
  }
  if (plugin == native_password_plugin) return native_password_response(text(), nonce.substr(0, nonce_size));
  if (plugin == caching_sha2_plugin) return caching_sha2_response(text(), nonce.substr(0, nonce_size));
  if (plugin == ed25519_plugin) return ed25519_response(text(), nonce.substr(0, ed25519_nonce_size));
  return std::nullopt;
}

std::optional<secret_bytes> credential::answer(std::string_view plugin, protocol::bytes_view request,
                                               link_kind link) const {
  if (!why_not(plugin, link).empty()) return std::nullopt;
  const bool is_challenge = !request.empty() && request.front() == protocol::auth_switch_header;
  if (is_challenge) {
    const auto wanted = protocol::parse_auth_switch_request(request);
    if (!wanted) return std::nullopt;
    if (const auto proof = respond(plugin, wanted->data)) return to_secret(protocol::as_bytes(*proof));
  } else if (plugin != caching_sha2_plugin || !asks_for_password(request)) {
    return std::nullopt;  // the others ask once
  }
  auto password = secret_;
  password.push_back(0);
  return password;
}

std::string credential::why_not(std::string_view plugin, link_kind link) const {
  if (plugin == native_password_plugin) return {};
  const bool takes_password = plugin == caching_sha2_plugin || plugin == ed25519_plugin || plugin == sha256_plugin ||
                              plugin == clear_password_plugin;
  if (!takes_password) return fmt::format("the proxy cannot log in with the plugin {}", plugin);
  if (kind_ == kind::native_hash)
    return fmt::format("the plugin {} takes the password, and of that only the hash of {} is known", plugin,
                       native_password_plugin);
  if (plugin == clear_password_plugin && link != link_kind::encrypted)
    return fmt::format("the plugin {} sends the password as it is, and the connection is not encrypted (TLS)", plugin);
  return {};
}

std::optional<bool> credential::agrees_with(std::string_view plugin, std::string_view nonce,
                                            std::string_view response) const {
  const auto own = respond(plugin, nonce);
  if (!own) return std::nullopt;
  // Some clients say that they have no password with a zero byte.
  const bool says_none = response == std::string_view("\0", 1);
  return same_secret(*own, says_none ? std::string_view() : response);
}

bool credential::is_of(std::string_view password) const {
  return kind_ == kind::password ? same_secret(text(), password)
                                 : same_secret(text(), protocol::as_text(native_hash(password)));
}

}  // namespace sessiongate::proxy
