// What the packets of one login tell of the password that it was made with, and what can be made of it. Noted by
// auth_exchange for clusters that keep credentials, handed on once the backend has said OK. Wiped with its owner.
#pragma once

#include "proxy/credential.hpp"
#include "proxy/password_hashes.hpp"
#include "proxy/secret.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sessiongate::proxy {

struct login_evidence {
  std::string plugin;     // the last that the backend asked with; empty: it asked nothing
  std::string nonce;      // that plugin's
  std::string proved_by;  // the plugin that `proof` is of, one that proves a password without telling it; empty: none
  secret_bytes proof;     // an answer to the nonce, made with the password that the backend took
  std::optional<secret_text> password;  // which was sent itself, where it may be kept
  bool several_factors = false;
};

/// Whether the login was made with this password. None: the evidence does not tell.
std::optional<bool> agrees(const login_evidence& login, const credential& with);

/// The credential that the login tells by itself. Null: nothing does.
std::shared_ptr<const credential> credential_of(const login_evidence& login);
/// The one that it tells together with what the backend stores, of an account with mysql_native_password.
std::shared_ptr<const credential> credential_of(const login_evidence& login, const password_hashes& stored);

/// It takes what the backend stores to learn it.
bool needs_hashes(const login_evidence& login);
/// Why no credential can be learnt from it, whatever the backend stores; for people.
std::string why_not_learnt(const login_evidence& login, bool passwords_are_kept);

}  // namespace sessiongate::proxy
