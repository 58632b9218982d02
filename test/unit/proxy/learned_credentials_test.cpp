#include "proxy/learned_credentials.hpp"

#include "proxy/configuration.hpp"
#include "proxy/password.hpp"

using namespace sessiongate::proxy;
using namespace std::chrono_literals;
using sessiongate::protocol::as_bytes;
using sessiongate::protocol::as_text;
using source = credential_view::source;
using test::contains;

namespace {

const std::string nonce = "01234567890123456789";
const std::string other_nonce = "98765432109876543210";

/// SHA1(SHA1(password)), as a server stores it.
secret_bytes stored(std::string_view password) {
  return native_hash(as_text(native_hash(password)));
}

struct fixture {
  credential_counters counted;
  learned_credentials store{{.passwords_are_kept = true, .can_ask = true, .hashes_kept = 30s}, counted};
  learned_credentials::clock::time_point now{1h};
  bool wanted = false;

  std::shared_ptr<const session_credential> log_in(std::string_view user, std::string_view plugin,
                                                   std::string_view proof, std::string_view over = nonce,
                                                   std::optional<secret_text> password = {}) {
    auto told = std::make_unique<login_evidence>();
    told->plugin = plugin;
    told->nonce = over;
    told->proof = to_secret(as_bytes(proof));
    told->proved_by = plugin;
    told->password = std::move(password);
    const auto made = std::make_shared<const session_credential>(nullptr, std::string(user), std::move(told));
    wanted = store.note_login(made, nullptr, now);
    return made;
  }
  std::shared_ptr<const session_credential> log_in_native(std::string_view user, std::string_view password,
                                                          std::string_view over = nonce) {
    return log_in(user, "mysql_native_password", native_password_response(password, over), over);
  }
  std::shared_ptr<const session_credential> log_in_sha2(std::string_view password, std::string_view over,
                                                        std::optional<secret_text> sent = {}) {
    return log_in("app", "caching_sha2_password", caching_sha2_response(password, over), over, std::move(sent));
  }
};

source from(const std::shared_ptr<const session_credential>& login) {
  return login->view().from;
}

}  // namespace

TEST_CASE_METHOD(fixture,
                 "a native login is learnt when the backend has told its hash, and the next shares it at once") {
  const auto first = log_in_native("app", "secret");
  CHECK(wanted);
  CHECK(from(first) == source::learning);
  const auto asked = store.wanted();
  REQUIRE(asked);
  CHECK(asked->user == "app");
  CHECK(asked->due == now);
  store.learn("app", {stored("other"), stored("secret")}, "mysql.user", now);
  CHECK_FALSE(store.wanted());
  REQUIRE(from(first) == source::learned);
  CHECK(first->view().known->is_of("secret"));
  CHECK(first->login() == nullptr);

  const auto second = log_in_native("app", "secret", other_nonce);
  CHECK_FALSE(wanted);
  CHECK(second->view().known == first->view().known);
}

TEST_CASE_METHOD(fixture, "one answer serves all who wait, and each account is asked for apart") {
  const auto one = log_in_native("app", "secret");
  const auto two = log_in_native("app", "secret", other_nonce);
  const auto third = log_in_native("batch", "else");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  CHECK(one->view().known == two->view().known);
  CHECK(from(third) == source::learning);
  CHECK(store.wanted()->user == "batch");
}

TEST_CASE_METHOD(fixture, "accounts of one name with different passwords, for different hosts, are kept apart") {
  const auto one = log_in_native("app", "secret");
  const auto two = log_in_native("app", "of another host", other_nonce);
  store.learn("app", {stored("secret"), stored("of another host")}, "mysql.user", now);
  CHECK(one->view().known->is_of("secret"));
  CHECK(two->view().known->is_of("of another host"));
  CHECK(log_in_native("app", "of another host")->view().known == two->view().known);
}

TEST_CASE_METHOD(fixture, "a login that no stored hash belongs to has none, and says so") {
  const auto login = log_in_native("app", "secret");
  store.learn("app", {stored("other")}, "mysql.global_priv", now);
  CHECK(from(login) == source::none);
  CHECK(contains(login->view().why, "mysql.global_priv has no password of 'app'"));
  CHECK(login->login() == nullptr);
}

TEST_CASE_METHOD(fixture, "a changed password is asked for again, but not at once") {
  const auto before = log_in_native("app", "secret");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  now += 100ms;
  const auto after = log_in_native("app", "changed");
  CHECK(wanted);
  CHECK(store.wanted()->due == now + 900ms);
  store.learn("app", {stored("changed")}, "mysql.user", now + 900ms);
  CHECK(after->view().known->is_of("changed"));
  CHECK(before->view().known->is_of("secret"));
}

TEST_CASE_METHOD(fixture, "what cannot be read is told to all who wait, and asked for again after a pause") {
  const auto one = log_in_native("app", "secret");
  store.fail("app", "the control account cannot read it", now);
  CHECK(from(one) == source::none);
  CHECK(one->view().why == "the control account cannot read it");
  CHECK(store.wanted()->due == now + 10s);
  now += 1s;
  const auto two = log_in_native("app", "secret", other_nonce);
  CHECK(from(two) == source::none);
  CHECK(store.wanted()->due == now + 9s);
  store.learn("app", {stored("secret")}, "mysql.user", now + 9s);
  CHECK(from(one) == source::learned);
  CHECK(from(two) == source::learned);
}

TEST_CASE_METHOD(fixture, "nothing is asked for sessions that have ended") {
  log_in_native("app", "secret");
  store.fail("app", "away", now);
  CHECK_FALSE(store.wanted());
}

TEST_CASE_METHOD(fixture, "a credential goes with the last session that was logged in with it") {
  auto login = log_in_native("app", "secret");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  const std::weak_ptr<const credential> known = login->view().known;
  auto second = log_in_native("app", "secret", other_nonce);
  login.reset();
  CHECK_FALSE(known.expired());
  second.reset();
  CHECK(known.expired());
}

TEST_CASE_METHOD(fixture, "hashes are forgotten after their time") {
  auto login = log_in_native("app", "secret");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  login.reset();
  CHECK(store.expire(now + 29s) == now + 30s);
  CHECK(from(log_in_native("app", "secret")) == source::learned);
  CHECK_FALSE(store.expire(now + 30s));
  now += 30s;
  CHECK(from(log_in_native("app", "secret")) == source::learning);
}

TEST_CASE_METHOD(fixture, "a refused credential is given to nobody any more") {
  const auto login = log_in_native("app", "secret");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  const auto known = login->view().known;
  known->refuse();
  store.drop("app", *known);
  now += 2s;
  const auto next = log_in_native("app", "secret", other_nonce);
  CHECK(from(next) == source::learning);
  store.learn("app", {stored("secret")}, "mysql.user", now);
  CHECK(next->view().known != known);
  CHECK_FALSE(next->view().known->refused());
}

TEST_CASE_METHOD(fixture, "caching_sha2_password is learnt from a full exchange, and a fast one shares that") {
  const auto fast = log_in_sha2("secret", nonce);
  CHECK(from(fast) == source::none);
  CHECK(contains(fast->view().why, "full authentication"));
  const auto full = log_in_sha2("secret", nonce, secret_text("secret"));
  REQUIRE(from(full) == source::learned);
  const auto next = log_in_sha2("secret", other_nonce);
  CHECK(next->view().known == full->view().known);
  CHECK(from(log_in_sha2("Secret", other_nonce)) == source::none);
  CHECK_FALSE(wanted);
}

TEST_CASE_METHOD(fixture, "a native hash serves no session whose plugin takes the password") {
  const auto native = log_in_native("app", "secret");
  store.learn("app", {stored("secret")}, "mysql.user", now);
  CHECK(from(log_in_sha2("secret", nonce)) == source::none);
}

TEST_CASE("where it cannot ask, or may keep no passwords, it says so") {
  fixture blind;
  learned_credentials store({.passwords_are_kept = false, .can_ask = false, .hashes_kept = 30s}, blind.counted);
  const auto settle = [&](std::string_view plugin) {
    auto told = std::make_unique<login_evidence>();
    told->plugin = plugin;
    told->nonce = nonce;
    if (plugin != "sha256_password") told->proved_by = plugin;
    told->proof = secret_bytes(20, 1);
    const auto made = std::make_shared<const session_credential>(nullptr, "app", std::move(told));
    CHECK_FALSE(store.note_login(made, nullptr, blind.now));
    CHECK_FALSE(store.wanted());
    return to_text(made->view());
  };
  CHECK(settle("mysql_native_password") == "none: it takes a control account to learn it");
  CHECK(contains(settle("caching_sha2_password"), "learn-passwords is off"));
  CHECK(contains(settle("sha256_password"), "learn-passwords is off"));
  CHECK(contains(settle("client_ed25519"), "client_ed25519 is not learnt"));
  CHECK(blind.counted.logins(credential_outcome::no_credentials) == 4);
}

TEST_CASE_METHOD(fixture, "a login is counted once, when what there is for it is settled") {
  using enum credential_outcome;
  const auto one = log_in_native("app", "secret");
  auto two = log_in_native("app", "secret", other_nonce);
  const auto three = log_in_native("app", "another");
  CHECK(store.waiting() == 3);
  CHECK(counted.logins(learned) == 0);
  store.fail("app", "1142", now);
  CHECK(store.waiting() == 3);
  CHECK(counted.failed_reads() == 1);
  CHECK(counted.logins(no_credentials) == 0);  // it is asked again

  two.reset();
  CHECK(store.waiting() == 2);
  store.learn("app", {stored("secret")}, "mysql.user", now + 10s);
  CHECK(store.waiting() == 0);
  CHECK(counted.reads() == 1);
  CHECK(counted.logins(learned) == 1);
  CHECK(counted.logins(session_ended) == 1);
  CHECK(counted.logins(no_credentials) == 1);
  const auto four = log_in_native("app", "secret", other_nonce);
  CHECK(counted.logins(learned) == 2);
}

TEST_CASE_METHOD(fixture, "a session that ends between two attempts is counted, too") {
  log_in_native("app", "secret").reset();
  store.fail("app", "1142", now);
  CHECK(counted.logins(credential_outcome::session_ended) == 1);
  store.learn("app", {}, "mysql.user", now + 10s);
  CHECK(counted.logins(credential_outcome::session_ended) == 1);
}

TEST_CASE_METHOD(fixture, "a credential is one of those there are while a session holds it and no backend refuses it") {
  auto one = log_in("app", "mysql_native_password", {});
  const auto other = log_in("batch", "mysql_native_password", {});
  const auto sharing = log_in("app", "mysql_native_password", {}, other_nonce);
  CHECK(store.usable() == 2);
  one->view().known->refuse();
  CHECK(store.usable() == 1);
  CHECK(from(log_in("app", "mysql_native_password", {})) == source::learned);
}
