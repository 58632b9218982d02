#include "proxy/configured_credentials.hpp"

#include "proxy/configuration.hpp"
#include "proxy/password.hpp"

using namespace sessiongate::proxy;
using sessiongate::protocol::as_bytes;
using sessiongate::session::recovery_obstacle;
using source = credential_view::source;
using test::contains;

namespace {

const std::string nonce = "01234567890123456789012345678901";

session_credential login_of(std::string user, std::string_view plugin, std::optional<std::string> proof) {
  auto told = std::make_unique<login_evidence>();
  told->plugin = plugin;
  told->nonce = nonce;
  if (proof) told->proved_by = plugin;
  if (proof) told->proof = to_secret(as_bytes(*proof));
  return {nullptr, std::move(user), std::move(told)};
}

users_list with(std::string_view password) {
  users_list list;
  list.accounts.emplace("app", credential::of_password(password));
  list.accounts.emplace("hashed", credential::of_native_hash(native_hash(password)));
  return list;
}

std::string native(std::string_view password) {
  return native_password_response(password, std::string_view(nonce).substr(0, 20));
}

}  // namespace

TEST_CASE("a session whose login agrees with the file has the file's credential") {
  const configured_credentials store(with("secret"));
  const auto known = store.users()->accounts.at("app");
  CHECK(store.look(login_of("app", "mysql_native_password", native("secret"))).known == known);
  CHECK(store.look(login_of("app", "client_ed25519", ed25519_response("secret", nonce))).known == known);
  CHECK(store.look(login_of("hashed", "mysql_native_password", native("secret"))).from == source::configured);
  // How it was sent does not tell.
  CHECK(store.look(login_of("app", "sha256_password", {})).known == known);
  CHECK(store.look(login_of("app", "", {})).known == known);
}

TEST_CASE("a session whose login differs, or that the file cannot serve, has none and says why") {
  const configured_credentials store(with("secret"));
  const auto differs = store.look(login_of("app", "mysql_native_password", native("other")));
  CHECK(differs.from == source::none);
  CHECK(differs.obstacle == recovery_obstacle::credentials_refused);
  CHECK(contains(to_text(differs), "another password than the users file has"));
  const auto unknown = store.look(login_of("batch", "mysql_native_password", native("secret")));
  CHECK(unknown.obstacle == recovery_obstacle::no_credentials);
  CHECK(to_text(unknown) == "none: the users file has no user 'batch'");
  const auto unfit = store.look(login_of("hashed", "caching_sha2_password", "an answer of 32 bytes to a nonce"));
  CHECK(unfit.obstacle == recovery_obstacle::no_credentials);
  CHECK(contains(unfit.why, "caching_sha2_password takes the password"));
  CHECK(contains(store.look(login_of("app", "dialog", {})).why, "dialog"));
}

TEST_CASE("a session follows the file") {
  configured_credentials store(with("old"));
  const auto login = login_of("app", "mysql_native_password", native("new"));
  CHECK(store.look(login).from == source::none);
  store.replace(with("new"));
  CHECK(store.look(login).from == source::configured);
  store.replace({});
  CHECK(store.look(login).from == source::none);
}

TEST_CASE("what a backend has refused rests until the file changes") {
  configured_credentials store(with("secret"));
  const auto login = login_of("app", "mysql_native_password", native("secret"));
  store.look(login).known->refuse();
  const auto refused = store.look(login);
  CHECK(refused.from == source::none);
  CHECK(refused.obstacle == recovery_obstacle::credentials_refused);
  store.replace(with("secret"));
  CHECK(store.look(login).from == source::configured);
}
