#include "proxy/auth_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sessiongate::proxy {

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A backend that protects what it is sent asks for the password itself, which a client on a plain connection encrypts.
bool may_need_own_key(const config& settings) {
  const auto is_unix = [](const backend_settings& each) { return each.address.is_unix(); };
  return settings.backend_tls != tls_mode::disabled ||
         std::ranges::any_of(settings.clusters,
                             [&](const cluster_settings& each) { return std::ranges::any_of(each.backends, is_unix); });
}

}  // namespace

auth_keys::auth_keys(const config& settings) {
  if (!settings.auth_key_file.empty()) {
    auto pem = read_text(settings.auth_key_file);
    own_ = rsa_key::from_pem(pem);
    wipe(pem);
    if (!own_) throw std::runtime_error(fmt::format("--auth-key-file: no RSA key in {}", settings.auth_key_file));
  } else if (may_need_own_key(settings)) {
    own_ = rsa_key::generate();
  }
  if (settings.backend_public_key_file.empty()) return;
  backend_pem_ = read_text(settings.backend_public_key_file);
  if (!rsa_encrypt(backend_pem_, {})) {
    throw std::runtime_error(
        fmt::format("--backend-public-key-file: no RSA public key in {}", settings.backend_public_key_file));
  }
}

}  // namespace sessiongate::proxy
