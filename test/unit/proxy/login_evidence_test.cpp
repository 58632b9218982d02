// What is noted of logins, and what is learnt from it.
#include "proxy/login_evidence.hpp"

#include "proxy/password.hpp"

#include "test/unit/proxy/auth_exchange_play.hpp"

#include "protocol/packet.hpp"

using namespace sessiongate::proxy;
using namespace sessiongate::proxy::auth_play;
namespace protocol = sessiongate::protocol;

namespace {

const std::string long_nonce = "01234567890123456789012345678901";

auth_circumstances noting(evidence_wanted what, link_kind client = link_kind::encrypted,
                          link_kind backend = link_kind::encrypted) {
  auto given = between(client, backend);
  given.evidence = what;
  return given;
}

std::unique_ptr<login_evidence> login_with(std::string_view plugin, std::string_view data, std::string_view answer) {
  play run(noting(evidence_wanted::proofs));
  run.carries_to_client(switch_to(plugin, data));
  run.carries_to_backend(as_bytes(answer));
  run.succeeds();
  return run.exchange.take_evidence();
}

/// SHA1(SHA1(password)).
secret_bytes stored(std::string_view of) {
  return native_hash(as_text(native_hash(of)));
}

std::unique_ptr<login_evidence> full_login(evidence_wanted what,
                                           std::string_view proof = "an answer of 32 bytes to a nonce",
                                           std::string_view sent = password) {
  play run(noting(what));
  run.carries_to_client(switch_to("caching_sha2_password"));
  run.carries_to_backend(as_bytes(proof));
  run.carries_to_client(more_data("\x04"));
  run.carries_to_backend(as_bytes(sent));
  run.succeeds();
  return run.exchange.take_evidence();
}

}  // namespace

TEST_CASE("nothing is noted where nothing is wanted") {
  play run(between(link_kind::plain, link_kind::plain));
  run.carries_to_client(switch_to("mysql_native_password"));
  run.carries_to_backend(as_bytes(native_password_response("secret", nonce)));
  run.succeeds();
  CHECK(run.exchange.take_evidence() == nullptr);
}

TEST_CASE("a native login and the stored hash give the credential of the password, alone neither does") {
  const auto login = login_with("mysql_native_password", nonce, native_password_response("secret", nonce));
  REQUIRE(login);
  CHECK(needs_hashes(*login));
  CHECK_FALSE(credential_of(*login));
  CHECK_FALSE(credential_of(*login, {}));
  CHECK_FALSE(credential_of(*login, {stored("other"), native_hash("secret")}));
  const auto known = credential_of(*login, {stored("other"), stored("secret")});
  REQUIRE(known);
  CHECK(known->is_of("secret"));
  CHECK_FALSE(known->is_of("other"));
  CHECK(agrees(*login, *known) == true);
  CHECK(agrees(*login, *credential::of_password("secret")) == true);
  CHECK(agrees(*login, *credential::of_password("other")) == false);
}

TEST_CASE("an account without a password is learnt from its login") {
  for (const auto* plugin : {"mysql_native_password", "caching_sha2_password"}) {
    for (const auto answer : {std::string_view(), std::string_view("\0", 1)}) {
      const auto login = login_with(plugin, nonce, answer);
      const auto known = credential_of(*login);
      REQUIRE(known);
      CHECK(known->is_of(""));
      CHECK(agrees(*login, *known) == true);
    }
  }
}

TEST_CASE("a server that asks nothing needs nothing") {
  play run(noting(evidence_wanted::proofs));
  run.succeeds();
  const auto known = credential_of(*run.exchange.take_evidence());
  REQUIRE(known);
  CHECK(known->is_of(""));
}

TEST_CASE("a fast login with caching_sha2_password is agreed with, and not learnt from") {
  const auto login = login_with("caching_sha2_password", nonce, caching_sha2_response("secret", nonce));
  CHECK_FALSE(needs_hashes(*login));
  CHECK_FALSE(credential_of(*login));
  CHECK_FALSE(credential_of(*login, {stored("secret")}));
  CHECK(agrees(*login, *credential::of_password("secret")) == true);
  CHECK(agrees(*login, *credential::of_password("other")) == false);
  CHECK(agrees(*login, *credential::of_native_hash(native_hash("secret"))) == std::nullopt);
  CHECK(why_not_learnt(*login, false).find("learn-passwords is off") != std::string::npos);
  CHECK(why_not_learnt(*login, true).find("full authentication") != std::string::npos);
}

TEST_CASE("a password that is sent itself is noted only where that is wanted") {
  CHECK_FALSE(full_login(evidence_wanted::proofs)->password);
  const auto login = full_login(evidence_wanted::passwords);
  REQUIRE(login->password);
  CHECK(*login->password == "secret");
  const auto known = credential_of(*login);
  REQUIRE(known);
  CHECK(known->is_of("secret"));
}

TEST_CASE("what the server asked the password for does not count: some clients prove it wrongly") {
  play run(noting(evidence_wanted::proofs, link_kind::plain, link_kind::plain));
  run.reach_full_authentication();
  run.carries_to_backend(encrypted(password, key_of_server()));
  run.succeeds();
  const auto login = run.exchange.take_evidence();
  CHECK(agrees(*login, *credential::of_password("secret")) == std::nullopt);
  CHECK_FALSE(credential_of(*login));
}

TEST_CASE("where a password that is sent itself may not be kept, it can still be compared") {
  const auto login = full_login(evidence_wanted::proofs, "a wrong proof");
  CHECK_FALSE(login->password);
  CHECK_FALSE(credential_of(*login));
  CHECK(agrees(*login, *credential::of_password("secret")) == true);
  CHECK(agrees(*login, *credential::of_password("Secret")) == false);
  const auto kept = full_login(evidence_wanted::passwords, "a wrong proof");
  CHECK(credential_of(*kept)->is_of("secret"));
}

TEST_CASE("a password without its end, and a request for a key, are no passwords") {
  CHECK_FALSE(full_login(evidence_wanted::passwords, "a proof", "secret")->password);
  play run(noting(evidence_wanted::passwords, link_kind::plain, link_kind::plain));
  run.reach_full_authentication();
  run.carries_to_backend(as_bytes("\x02"));
  run.carries_to_client(more_data(key_of_server().public_pem()));
  run.carries_to_backend(encrypted(password, key_of_server()));
  run.succeeds();
  CHECK_FALSE(run.exchange.take_evidence()->password);
}

TEST_CASE("a password that the client encrypts for the proxy, or the proxy for the backend, is noted") {
  SECTION("for the proxy") {
    play run(noting(evidence_wanted::passwords, link_kind::plain, link_kind::encrypted));
    run.carries_to_client(switch_to("sha256_password"));
    run.client_says(as_bytes("\x01"), action::to_client);
    run.client_says(encrypted(password, key_of_proxy()), action::to_backend);
    run.succeeds();
    const auto login = run.exchange.take_evidence();
    CHECK(login->password == "secret");
    CHECK(agrees(*login, *credential::of_password("secret")) == true);
    CHECK(agrees(*login, *credential::of_native_hash(native_hash("secret"))) == true);
    CHECK(agrees(*login, *credential::of_password("Secret")) == false);
    CHECK(credential_of(*login)->is_of("secret"));
  }
  SECTION("for the backend") {
    play run(noting(evidence_wanted::passwords, link_kind::encrypted, link_kind::plain));
    run.carries_to_client(switch_to("sha256_password"));
    run.client_says(as_bytes(password), action::to_backend);
    run.backend_says(more_data(key_of_server().public_pem()), action::to_backend);
    run.succeeds();
    CHECK(run.exchange.take_evidence()->password == "secret");
  }
}

TEST_CASE("what is sent with mysql_clear_password may be good for one time only: it is not noted") {
  play run(noting(evidence_wanted::passwords));
  run.carries_to_client(switch_to("mysql_clear_password", ""));
  run.carries_to_backend(as_bytes(password));
  run.succeeds();
  const auto login = run.exchange.take_evidence();
  CHECK_FALSE(login->password);
  CHECK_FALSE(credential_of(*login));
  CHECK(agrees(*login, *credential::of_password("secret")) == std::nullopt);
  CHECK(why_not_learnt(*login, true).find("mysql_clear_password is not learnt") != std::string::npos);
}

TEST_CASE("an ed25519 login is agreed with, and not learnt from") {
  const auto login = login_with("client_ed25519", long_nonce, ed25519_response("secret", long_nonce));
  CHECK(agrees(*login, *credential::of_password("secret")) == true);
  CHECK(agrees(*login, *credential::of_password("other")) == false);
  CHECK_FALSE(credential_of(*login));
  CHECK_FALSE(credential_of(*login, {stored("secret")}));
}

TEST_CASE("what counts is the last plugin that was asked with") {
  play run(noting(evidence_wanted::passwords));
  run.carries_to_client(switch_to("client_ed25519", long_nonce));
  run.carries_to_backend(as_bytes("an answer"));
  run.carries_to_client(switch_to("mysql_native_password"));
  run.carries_to_backend(as_bytes(native_password_response("secret", nonce)));
  run.succeeds();
  const auto login = run.exchange.take_evidence();
  CHECK(login->plugin == "mysql_native_password");
  CHECK(credential_of(*login, {stored("secret")})->is_of("secret"));
}

TEST_CASE("several factors are more than a credential has") {
  auto given = noting(evidence_wanted::passwords);
  given.negotiated = protocol::client_multi_factor_authentication;
  play run(given);
  run.carries_to_client(switch_to("caching_sha2_password"));
  run.carries_to_backend(as_bytes(caching_sha2_response("secret", nonce)));
  auto factor = switch_to("mysql_native_password");
  factor.front() = protocol::auth_next_factor_header;
  run.carries_to_client(factor);
  run.carries_to_backend(as_bytes(native_password_response("secret", nonce)));
  run.succeeds();
  const auto login = run.exchange.take_evidence();
  CHECK(login->several_factors);
  CHECK_FALSE(needs_hashes(*login));
  CHECK_FALSE(credential_of(*login, {stored("secret")}));
  CHECK(agrees(*login, *credential::of_password("secret")) == std::nullopt);
}
