// An authentication in which one side does not do what the protocol says, and every error.
#include "test/unit/proxy/auth_exchange_play.hpp"

using namespace sessiongate::proxy;
using namespace sessiongate::proxy::auth_play;
namespace protocol = sessiongate::protocol;

TEST_CASE("an error of the server ends the exchange at any time") {
  const protocol::bytes err{0xFF, 0x15, 0x04};
  play run(between(link_kind::encrypted, link_kind::plain));
  SECTION("at once") {}
  SECTION("when it is the client's turn") {
    run.carries_to_client(switch_to("caching_sha2_password"));
  }
  SECTION("when the proxy holds the password") {
    run.reach_full_authentication();
    run.client_says(as_bytes(password), action::to_backend);
  }
  run.backend_says(err, action::finished);
}

TEST_CASE("a server that does what none does is not followed") {
  play run(between(link_kind::encrypted, link_kind::plain));
  const auto breaks = [&](protocol::bytes_view payload) {
    run.is_refused(run.exchange.on_backend(payload), 1835, stop_reason::protocol_error);
  };
  SECTION("an empty packet") {
    breaks({});
  }
  SECTION("a plugin name without an end") {
    breaks(
        as_bytes("\xfe"
                 "caching_sha2_password"));
  }
  SECTION("it speaks when it is the client's turn") {
    run.carries_to_client(switch_to("caching_sha2_password"));
    breaks(more_data("\x04"));
  }
  SECTION("a key that is none") {
    run.reach_full_authentication();
    run.client_says(as_bytes(password), action::to_backend);
    breaks(more_data("-----BEGIN PUBLIC KEY-----\nno key\n-----END PUBLIC KEY-----\n"));
  }
}

TEST_CASE("without a nonce no password is encrypted and none is decrypted") {
  SECTION("encrypted") {
    play run(between(link_kind::encrypted, link_kind::plain));
    protocol::bytes bare;
    protocol::write_auth_switch_request(bare, {"sha256_password", {}});
    run.carries_to_client(bare);
    run.client_says(as_bytes(password), action::to_backend);
    run.is_refused(run.exchange.on_backend(more_data(key_of_server().public_pem())), 1835, stop_reason::protocol_error);
  }
  SECTION("decrypted") {
    play run(between(link_kind::plain, link_kind::encrypted));
    protocol::bytes bare;
    protocol::write_auth_switch_request(bare, {"sha256_password", {}});
    run.carries_to_client(bare);
    run.is_refused(run.exchange.on_client(encrypted(password, key_of_proxy())), 1251, stop_reason::login_failed);
  }
}

TEST_CASE("the switch of servers before 4.1 is refused") {
  play run(between(link_kind::encrypted, link_kind::encrypted));
  run.is_refused(run.exchange.on_backend(as_bytes("\xfe")), 1251, stop_reason::login_failed);
}

TEST_CASE("a client that speaks when it is the server's turn is refused") {
  play run(between(link_kind::plain, link_kind::plain));
  SECTION("before anything") {}
  SECTION("after its answer") {
    run.carries_to_client(switch_to("mysql_native_password"));
    run.carries_to_backend(as_bytes("an answer"));
  }
  SECTION("after the fast path") {
    run.carries_to_client(switch_to("caching_sha2_password"));
    run.carries_to_backend(as_bytes("an answer"));
    run.carries_to_client(more_data("\x03"));
  }
  run.is_refused(run.exchange.on_client(as_bytes("more")), 1156, stop_reason::protocol_error);
}

TEST_CASE("a password that the server's key has no room for is refused and not cut") {
  play run(between(link_kind::encrypted, link_kind::plain));
  run.reach_full_authentication();
  run.client_says(as_bytes(std::string(300, 'x')), action::to_backend);
  run.is_refused(run.exchange.on_backend(more_data(key_of_server().public_pem())), 1835, stop_reason::protocol_error);
}

TEST_CASE("a server does not ask without end") {
  auto given = between(link_kind::plain, link_kind::plain);
  given.rounds_max = 3;
  play run(given);
  for (int round = 0; round < 3; ++round) {
    run.carries_to_client(switch_to("dialog"));
    run.carries_to_backend(as_bytes("answer"));
  }
  run.is_refused(run.exchange.on_backend(switch_to("dialog")), 1043, stop_reason::protocol_error);
}
