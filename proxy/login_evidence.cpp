#include "proxy/login_evidence.hpp"

#include "proxy/password.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

std::optional<bool> agrees(const login_evidence& login, const credential& with) {
  if (login.several_factors) return std::nullopt;
  if (login.password) return with.is_of(*login.password);
  if (login.proved_by.empty()) return std::nullopt;
  return with.agrees_with(login.proved_by, login.nonce, protocol::as_text(login.proof));
}

std::shared_ptr<const credential> credential_of(const login_evidence& login) {
  if (login.several_factors) return nullptr;
  if (login.plugin.empty()) return credential::of_password({});
  const bool no_password = !login.proved_by.empty() && login.proved_by != ed25519_plugin && login.proof.empty();
  if (no_password) return credential::of_password({});
  return login.password ? credential::of_password(*login.password) : nullptr;
}

std::shared_ptr<const credential> credential_of(const login_evidence& login, const password_hashes& stored) {
  if (!needs_hashes(login)) return nullptr;
  for (const auto& each : stored) {
    if (const auto hash = native_hash_behind(protocol::as_text(login.proof), login.nonce, each))
      return credential::of_native_hash(*hash);
  }
  return nullptr;
}

bool needs_hashes(const login_evidence& login) {
  return !login.several_factors && login.proved_by == native_password_plugin;
}

std::string why_not_learnt(const login_evidence& login, bool passwords_are_kept) {
  if (login.several_factors) return "the account's login has several factors";
  const bool tells_password = login.plugin == caching_sha2_plugin || login.plugin == sha256_plugin;
  if (!tells_password) return fmt::format("the password of an account with the plugin {} is not learnt", login.plugin);
  if (!passwords_are_kept)
    return fmt::format("the plugin {} takes the password, and learn-passwords is off", login.plugin);
  return fmt::format("the login with the plugin {} did not tell the password: that takes full authentication over TLS",
                     login.plugin);
}

}  // namespace sessiongate::proxy
