// The exchange between a client and a server that do what the servers' documentation says, for every plugin and every
// pair of transports. What happens when one of them does not: auth_exchange_hostile_test.cpp.
#include "test/unit/proxy/auth_exchange_play.hpp"

using namespace sessiongate::proxy;
using namespace sessiongate::proxy::auth_play;
namespace protocol = sessiongate::protocol;

TEST_CASE("the fast path of caching_sha2_password is carried, and the server's OK needs no answer before it") {
  for (const auto client : any_client) {
    for (const auto backend : any_client) {
      play run(between(client, backend));
      CHECK(run.exchange.next() == turn::backend);
      run.carries_to_client(switch_to("caching_sha2_password"));
      run.carries_to_backend(as_bytes("an answer of 32 bytes to a nonce"));
      SECTION("as MySQL says it") {
        run.carries_to_client(more_data("\x03"));
      }
      SECTION("without the byte in front") {
        run.carries_to_client(as_bytes("\x03"));
      }
      CHECK(run.exchange.next() == turn::backend);
      run.succeeds();
    }
  }
}

TEST_CASE("full authentication, both sides plain: the client asks for the server's key and encrypts for it") {
  play run(between(link_kind::plain, link_kind::plain));
  run.reach_full_authentication();
  run.carries_to_backend(as_bytes("\x02"));
  CHECK(run.exchange.next() == turn::backend);
  run.carries_to_client(more_data(key_of_server().public_pem()));
  CHECK(run.exchange.next() == turn::client);
  run.carries_to_backend(encrypted(password, key_of_server()));
  run.succeeds();
}

TEST_CASE("full authentication, both sides plain: a client that knows the server's key encrypts at once") {
  play run(between(link_kind::plain, link_kind::plain));
  run.reach_full_authentication();
  run.carries_to_backend(encrypted(password, key_of_server()));
  run.succeeds();
}

TEST_CASE("full authentication, both sides protected: the password is carried") {
  for (const auto client : {link_kind::local, link_kind::encrypted}) {
    for (const auto backend : {link_kind::local, link_kind::encrypted}) {
      play run(between(client, backend));
      run.reach_full_authentication();
      run.carries_to_backend(as_bytes(password));
      run.succeeds();
    }
  }
}

TEST_CASE(
    "full authentication, both sides protected: a client that asks for a key all the same is the server's business") {
  play run({.client = link_kind::encrypted, .backend = link_kind::encrypted});
  run.reach_full_authentication();
  run.carries_to_backend(as_bytes("\x02"));
}

TEST_CASE("full authentication, the client protected and the backend plain: the proxy encrypts") {
  for (const auto client : {link_kind::local, link_kind::encrypted}) {
    play run(between(client, link_kind::plain));
    run.reach_full_authentication();
    CHECK(run.client_says(as_bytes(password), action::to_backend) == "\x02");
    CHECK(run.exchange.next() == turn::backend);
    const auto cipher = run.backend_says(more_data(key_of_server().public_pem()), action::to_backend);
    CHECK(decrypted(as_bytes(cipher), key_of_server()) == password);
    CHECK(run.exchange.next() == turn::backend);
    run.succeeds();
  }
}

TEST_CASE("full authentication, the client protected and the backend plain: a key known beforehand is not asked for") {
  auto given = between(link_kind::encrypted, link_kind::plain);
  given.backend_public_pem = &key_of_server().public_pem();
  play run(given);
  run.reach_full_authentication();
  const auto cipher = run.client_says(as_bytes(password), action::to_backend);
  CHECK(decrypted(as_bytes(cipher), key_of_server()) == password);
  run.succeeds();
}

TEST_CASE("full authentication, the client plain and the backend protected: the client encrypts for the proxy") {
  for (const auto backend : {link_kind::local, link_kind::encrypted}) {
    play run(between(link_kind::plain, backend));
    run.reach_full_authentication();
    CHECK(run.client_says(as_bytes("\x02"), action::to_client) == as_text(more_data(key_of_proxy().public_pem())));
    CHECK(run.exchange.next() == turn::client);
    CHECK(run.client_says(encrypted(password, key_of_proxy()), action::to_backend) == password);
    CHECK(run.exchange.next() == turn::backend);
    run.succeeds();
  }
}

TEST_CASE("full authentication, the client plain and the backend protected: a client that knows a key") {
  play run(between(link_kind::plain, link_kind::encrypted));
  run.reach_full_authentication();
  SECTION("the proxy's") {
    CHECK(run.client_says(encrypted(password, key_of_proxy()), action::to_backend) == password);
    run.succeeds();
  }
  SECTION("another one") {
    run.is_refused(run.exchange.on_client(encrypted(password, key_of_server())), 1251, stop_reason::login_failed);
  }
}

TEST_CASE("without a key of its own the proxy refuses what needs one") {
  auth_exchange exchange({.backend = link_kind::encrypted, .rounds_max = 8});
  exchange.on_backend(switch_to("sha256_password"));
  const auto asked = exchange.on_client(as_bytes("\x01"));
  CHECK(asked.what == action::refused);
  CHECK(asked.error.code == 1251);
}

TEST_CASE("sha256_password, a plain client asks for the key with its first packet") {
  play run(between(link_kind::plain, link_kind::plain));
  run.carries_to_client(switch_to("sha256_password"));
  run.carries_to_backend(as_bytes("\x01"));
  SECTION("servers of 5.6 say the key without a byte in front") {
    run.carries_to_client(as_bytes(key_of_server().public_pem()));
  }
  SECTION("later ones with it") {
    run.carries_to_client(more_data(key_of_server().public_pem()));
  }
  run.carries_to_backend(encrypted(password, key_of_server()));
  run.succeeds();
}

TEST_CASE("sha256_password, client encrypted and backend not: the proxy encrypts") {
  // To this plugin a Unix socket is not protected.
  for (const auto backend : {link_kind::plain, link_kind::local}) {
    play run(between(link_kind::encrypted, backend));
    run.carries_to_client(switch_to("sha256_password"));
    CHECK(run.client_says(as_bytes(password), action::to_backend) == "\x01");
    const auto pem = key_of_server().public_pem();
    const auto cipher = run.backend_says(
        backend == link_kind::plain ? more_data(pem) : protocol::bytes(pem.begin(), pem.end()), action::to_backend);
    CHECK(decrypted(as_bytes(cipher), key_of_server()) == password);
    run.succeeds();
  }
}

TEST_CASE("sha256_password, backend encrypted and client not: the client encrypts for the proxy") {
  for (const auto client : {link_kind::plain, link_kind::local}) {
    play run(between(client, link_kind::encrypted));
    run.carries_to_client(switch_to("sha256_password"));
    CHECK(run.client_says(as_bytes("\x01"), action::to_client) == as_text(more_data(key_of_proxy().public_pem())));
    CHECK(run.client_says(encrypted(password, key_of_proxy()), action::to_backend) == password);
    run.succeeds();
  }
}

TEST_CASE("an empty password is carried whatever the transports are") {
  for (const auto client : any_client) {
    for (const auto backend : any_client) {
      for (const auto* plugin : {"caching_sha2_password", "sha256_password"}) {
        for (const auto answer : {std::string_view(), std::string_view("\0", 1)}) {
          play run(between(client, backend));
          run.carries_to_client(switch_to(plugin));
          run.carries_to_backend(as_bytes(answer));
          run.succeeds();
        }
      }
    }
  }
}

TEST_CASE("mysql_clear_password is for protected clients") {
  for (const auto client : {link_kind::local, link_kind::encrypted}) {
    play run(between(client, link_kind::plain));
    run.carries_to_client(switch_to("mysql_clear_password", ""));
    run.carries_to_backend(as_bytes(password));
    run.succeeds();
  }
  play run(between(link_kind::plain, link_kind::encrypted));
  run.is_refused(run.exchange.on_backend(switch_to("mysql_clear_password", "")), 1251, stop_reason::login_failed);
}

TEST_CASE("every packet of other plugins is carried, and a switch in the middle is followed") {
  play run(between(link_kind::plain, link_kind::plain));
  run.carries_to_client(switch_to("dialog", "\x02What is your name?"));
  CHECK(run.exchange.next() == turn::client);
  run.carries_to_backend(as_bytes(std::string_view("Lancelot\0", 9)));
  run.carries_to_client(as_bytes("\x05What is your quest?"));
  run.carries_to_backend(as_bytes(std::string_view("\0", 1)));
  run.carries_to_client(switch_to("client_ed25519"));
  run.carries_to_backend(as_bytes(std::string(64, 's')));
  run.succeeds();
}

TEST_CASE("with an unknown plugin either side may speak at any time") {
  play run(between(link_kind::plain, link_kind::plain));
  run.carries_to_client(switch_to("authentication_of_tomorrow"));
  CHECK(run.exchange.next() == turn::either);
  run.carries_to_backend(as_bytes("one"));
  run.carries_to_backend(as_bytes("two"));
  CHECK(run.exchange.next() == turn::either);
  run.carries_to_client(more_data("three"));
  run.carries_to_client(as_bytes("four"));
  CHECK(run.exchange.next() == turn::either);
  run.succeeds();
}

TEST_CASE("the next factor of an account with several is a switch where that was negotiated, else a plugin's data") {
  protocol::bytes factor = switch_to("caching_sha2_password");
  factor.front() = protocol::auth_next_factor_header;
  auto given = between(link_kind::encrypted, link_kind::plain);
  SECTION("negotiated") {
    given.negotiated = protocol::client_multi_factor_authentication;
    play run(given);
    run.carries_to_client(switch_to("mysql_native_password"));
    run.carries_to_backend(as_bytes("an answer of 20 byte"));
    run.carries_to_client(factor);
    CHECK(run.exchange.plugin() == "caching_sha2_password");
    run.carries_to_backend(as_bytes("an answer of 32 bytes to a nonce"));
    run.carries_to_client(more_data("\x04"));
    CHECK(run.client_says(as_bytes(password), action::to_backend) == "\x02");
  }
  SECTION("not negotiated") {
    play run(given);
    run.carries_to_client(switch_to("dialog"));
    run.carries_to_backend(as_bytes("x"));
    run.carries_to_client(factor);
    CHECK(run.exchange.plugin() == "dialog");
  }
}
