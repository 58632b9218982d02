#include "proxy/credential_store.hpp"

#include "proxy/config.hpp"
#include "proxy/configuration.hpp"
#include "proxy/password.hpp"

#include <stdexcept>

using namespace sessiongate::proxy;
using sessiongate::protocol::as_bytes;
using sessiongate::session::recovery_obstacle;
using source = credential_view::source;

namespace {

const std::string nonce = "01234567890123456789";

std::unique_ptr<login_evidence> native_login(std::string_view password) {
  auto told = std::make_unique<login_evidence>();
  told->plugin = native_password_plugin;
  told->nonce = nonce;
  told->proved_by = native_password_plugin;
  told->proof = to_secret(as_bytes(native_password_response(password, nonce)));
  return told;
}

/// An account without a password is learnt at once.
std::unique_ptr<login_evidence> empty_login() {
  return native_login({});
}

struct fixture {
  config settings;
  cluster_settings own;

  fixture() { own.name = "orders"; }
  void with_users(const test::temporary_file& file) {
    own.credentials = credentials_mode::users;
    own.users_file = file.path();
  }
};

constexpr std::string_view one_user = R"([{"user": "app", "password": "secret"}])";

}  // namespace

TEST_CASE_METHOD(fixture, "a cluster without credentials notes nothing and has nothing") {
  credential_store store(settings, own);
  CHECK(store.wanted() == evidence_wanted::none);
  CHECK(store.note_login("app", nullptr, nullptr) == nullptr);
}

TEST_CASE_METHOD(fixture, "what logins note depends on the mode, and on whether passwords may be kept") {
  const test::temporary_file file(one_user);
  with_users(file);
  settings.learn_passwords = true;
  CHECK(credential_store(settings, own).wanted() == evidence_wanted::proofs);
  own.credentials = credentials_mode::learn;
  CHECK(credential_store(settings, own).wanted() == evidence_wanted::passwords);
  settings.learn_passwords = false;
  CHECK(credential_store(settings, own).wanted() == evidence_wanted::proofs);
}

TEST_CASE_METHOD(fixture, "a file that cannot be used is an error at start, and changes nothing later") {
  const test::temporary_file file(one_user);
  with_users(file);
  credential_store store(settings, own);
  const auto login = store.note_login("app", native_login("secret"), nullptr);
  std::ofstream(file.path(), std::ios::trunc) << "no list";
  store.reload();
  CHECK(store.look(*login).from == source::configured);
  CHECK_THROWS_AS(credential_store(settings, own), std::runtime_error);
  std::ofstream(file.path(), std::ios::trunc) << "[]";
  store.reload();
  CHECK(store.look(*login).from == source::none);
  CHECK(store.files() == std::vector{file.path()});
}

TEST_CASE_METHOD(fixture, "a configured password that a backend refuses rests for all until the file is read again") {
  const test::temporary_file file(one_user);
  with_users(file);
  credential_store store(settings, own);
  const auto one = store.note_login("app", native_login("secret"), nullptr);
  const auto two = store.note_login("app", native_login("secret"), nullptr);
  const auto used = store.look(*one).known;
  REQUIRE(used);
  store.note_refusal(*one, *used, {1040, "08004", "Too many connections"});
  CHECK(store.look(*two).known == used);
  store.note_refusal(*one, *used, {1045, "28000", "Access denied"});
  CHECK(store.look(*two).obstacle == recovery_obstacle::credentials_refused);
  CHECK(store.look(*store.note_login("app", native_login("secret"), nullptr)).from == source::none);
  store.reload();
  CHECK(store.look(*two).from == source::configured);
}

TEST_CASE_METHOD(fixture, "a learnt credential that a backend refuses is dropped for all who share it") {
  own.credentials = credentials_mode::learn;
  credential_store store(settings, own);
  const auto one = store.note_login("app", empty_login(), nullptr);
  const auto two = store.note_login("app", empty_login(), nullptr);
  const auto used = store.look(*one).known;
  REQUIRE(used);
  REQUIRE(store.look(*two).known == used);
  store.note_refusal(*two, *used, {1698, "28000", "Access denied"});
  for (const auto& each : {one, two}) {
    CHECK(store.look(*each).from == source::none);
    CHECK(store.look(*each).obstacle == recovery_obstacle::credentials_refused);
  }
  const auto next = store.note_login("app", empty_login(), nullptr);
  CHECK(store.look(*next).from == source::learned);
}

TEST_CASE_METHOD(fixture, "who asks the backends is woken when there is something to ask") {
  own.credentials = credentials_mode::learn;
  own.control_user = "control";
  credential_store store(settings, own);
  int woken = 0;
  store.when_wanted([&] { ++woken; });
  const auto empty = store.note_login("app", empty_login(), nullptr);
  CHECK(woken == 0);
  const auto login = store.note_login("app", native_login("secret"), nullptr);
  CHECK(woken == 1);
  CHECK(store.look(*login).from == source::learning);
  CHECK(store.learned().wanted()->user == "app");
}

TEST_CASE_METHOD(fixture, "logins, refusals and readings of the file are counted") {
  using enum credential_outcome;
  const test::temporary_file file(one_user);
  with_users(file);
  const auto begun = credential_counters::clock::now();
  credential_store store(settings, own);
  const auto& counted = store.counted();
  CHECK(store.usable() == 1);
  CHECK(counted.loaded_at() >= begun);
  CHECK(counted.reloads() == 0);
  CHECK_FALSE(counted.last_reload_failed());

  const auto login = store.note_login("app", native_login("secret"), nullptr);
  store.note_login("app", native_login("another"), nullptr);
  store.note_login("batch", native_login("secret"), nullptr);
  CHECK(counted.logins(configured) == 1);
  CHECK(counted.logins(credentials_refused) == 1);
  CHECK(counted.logins(no_credentials) == 1);

  const auto used = store.look(*login).known;
  for (int each = 0; each < 2; ++each) store.note_refusal(*login, *used, {1045, "28000", "Access denied"});
  CHECK(counted.refusals() == 1);
  CHECK(store.usable() == 0);

  const auto loaded = counted.loaded_at();
  std::ofstream(file.path(), std::ios::trunc) << "no list";
  store.reload();
  CHECK(counted.failed_reloads() == 1);
  CHECK(counted.last_reload_failed());
  CHECK(counted.loaded_at() == loaded);
  std::ofstream(file.path(), std::ios::trunc) << one_user;
  store.reload();
  CHECK(counted.reloads() == 1);
  CHECK_FALSE(counted.last_reload_failed());
  CHECK(counted.loaded_at() > loaded);
  CHECK(store.usable() == 1);
}
