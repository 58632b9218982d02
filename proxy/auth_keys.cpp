#include "proxy/auth_keys.hpp"

#include "proxy/log.hpp"

#include <fmt/format.h>

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

}  // namespace

auth_keys::auth_keys(const config& settings) {
  if (!settings.auth_key_file.empty()) {
    auto pem = read_text(settings.auth_key_file);
    own_ = rsa_key::from_pem(pem);
    wipe(pem);
    if (!own_) throw std::runtime_error(fmt::format("--auth-key-file: no RSA key in {}", settings.auth_key_file));
    ready_ = true;
  }
  if (settings.backend_public_key_file.empty()) return;
  backend_pem_ = read_text(settings.backend_public_key_file);
  if (!rsa_encrypt(backend_pem_, {})) {
    throw std::runtime_error(
        fmt::format("--backend-public-key-file: no RSA public key in {}", settings.backend_public_key_file));
  }
}

auth_keys::~auth_keys() {
  if (maker_.joinable()) maker_.join();
}

void auth_keys::prepare() {
  if (own() != nullptr || asked_.exchange(true)) return;
  maker_ = std::thread([this] {
    try {
      own_ = rsa_key::generate();
      ready_.store(true, std::memory_order_release);
    } catch (const std::exception& failure) {
      log_event(log_level::error, "auth_key_failed", {{"error", failure.what()}});
    }
  });
}

}  // namespace sessiongate::proxy
