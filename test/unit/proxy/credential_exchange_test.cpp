#include "proxy/credential_exchange.hpp"

#include "proxy/loopback.hpp"
#include "proxy/password.hpp"
#include "proxy/server_answers.hpp"

#include "protocol/auth_packets.hpp"

#include <array>
#include <string>

using namespace sessiongate::proxy;
namespace protocol = sessiongate::protocol;
using end = exchange_outcome::end;
using test::packet;

namespace {

const std::string nonce = "01234567890123456789";
const std::string ok("\0\0\0\2\0\0\0", 7);
const std::string denied = "\xff\x15\x04#28000Access denied";
const std::string full_authentication("\x01\x04", 2);
const std::string with_zero("secret\0", 7);

std::string switch_to(std::string_view plugin) {
  protocol::bytes out;
  protocol::write_auth_switch_request(out, {std::string(plugin), nonce + '\0'});
  return std::string(protocol::as_text(out));
}

std::string more_data(std::string_view data) {
  protocol::bytes out;
  protocol::write_auth_more_data(out, data);
  return std::string(protocol::as_text(out));
}

/// A server that says its packets whatever it hears, each as number 0, 2, 4 …
struct fixture {
  test::reactor on;
  test::connection both{on.sockets};
  std::array<std::uint8_t, 64> scratch{};
  packet_channel channel{both.near, scratch, 4096};

  exchange_outcome log_in(const std::vector<std::string>& says, const credential& with,
                          link_kind link = link_kind::plain, const std::string* key = nullptr) {
    std::uint8_t sequence_id = 0;
    for (const auto& each : says) {
      both.send(packet(sequence_id, each));
      sequence_id += 2;
    }
    exchange_outcome outcome;
    test::run(on.context, [&]() -> awaitable<void> {
      outcome =
          co_await authenticate_with(channel, with, {.backend = link, .backend_public_pem = key, .rounds_max = 8});
    }());
    return outcome;
  }
  void heard(std::uint8_t sequence_id, std::string_view payload) {
    const auto expected = packet(sequence_id, payload);
    CHECK(both.receive(expected.size()) == expected);
  }

  std::shared_ptr<const credential> known = credential::of_password("secret");
};

}  // namespace

TEST_CASE_METHOD(fixture, "the account's plugin is answered, and the OK comes back whole") {
  const auto outcome = log_in({switch_to("mysql_native_password"), ok}, *known);
  CHECK(outcome.how == end::accepted);
  CHECK(protocol::as_text(outcome.ok) == ok);
  heard(1, native_password_response("secret", nonce));
}

TEST_CASE_METHOD(fixture, "the backend's refusal comes back as it is") {
  const auto outcome = log_in({switch_to("mysql_native_password"), denied}, *known);
  CHECK(outcome.how == end::refused);
  CHECK(outcome.error.code == 1045);
  CHECK(outcome.error.message == "Access denied");
  CHECK(tells_wrong_password(outcome.error));
}

TEST_CASE_METHOD(fixture, "an OK or an ERR may come at once") {
  CHECK(log_in({ok}, *known).how == end::accepted);
}

TEST_CASE_METHOD(fixture, "caching_sha2_password: the fast path") {
  both.send(packet(0, switch_to("caching_sha2_password")) + packet(2, more_data("\x03")) + packet(3, ok));
  CHECK(log_in({}, *known).how == end::accepted);
  heard(1, caching_sha2_response("secret", nonce));
}

TEST_CASE_METHOD(fixture, "caching_sha2_password: full authentication over TLS and over a Unix socket") {
  const auto link = GENERATE(link_kind::encrypted, link_kind::local);
  CHECK(log_in({switch_to("caching_sha2_password"), full_authentication, ok}, *known, link).how == end::accepted);
  heard(1, caching_sha2_response("secret", nonce));
  heard(3, with_zero);
}

TEST_CASE_METHOD(fixture, "caching_sha2_password: full authentication with the server's RSA key") {
  static const auto key = rsa_key::generate();
  const bool known_beforehand = GENERATE(false, true);
  std::vector<std::string> says{switch_to("caching_sha2_password"), full_authentication};
  if (!known_beforehand) says.push_back(more_data(key.public_pem()));
  says.push_back(ok);
  const auto* pem = known_beforehand ? &key.public_pem() : nullptr;
  CHECK(log_in(says, *known, link_kind::plain, pem).how == end::accepted);
  heard(1, caching_sha2_response("secret", nonce));
  if (!known_beforehand) heard(3, "\x02");
  constexpr std::size_t cipher_size = 256;
  const auto sent = both.receive(protocol::packet_header_size + cipher_size);
  auto plain = key.decrypt(protocol::as_bytes(std::string_view(sent).substr(protocol::packet_header_size)));
  REQUIRE(plain);
  mix_with_nonce(*plain, nonce);
  CHECK(protocol::as_text(*plain) == with_zero);
}

TEST_CASE_METHOD(fixture, "what the credential has not is not answered, and the server is left politely") {
  const auto hash = credential::of_native_hash(native_hash("secret"));
  const auto outcome = log_in({switch_to("caching_sha2_password"), denied}, *hash);
  CHECK(outcome.how == end::cannot_answer);
  CHECK(outcome.error.code == 1251);
  CHECK(outcome.error.message.find("caching_sha2_password takes the password") != std::string::npos);
  heard(1, "");
}

TEST_CASE_METHOD(fixture, "a password is never sent as it is to who asks for it on a plain connection") {
  const auto outcome = log_in({switch_to("mysql_clear_password"), denied}, *known);
  CHECK(outcome.how == end::cannot_answer);
  heard(1, "");
}

TEST_CASE_METHOD(fixture, "a server that closes, or breaks the protocol, is lost") {
  SECTION("closes") {
    both.send(packet(0, switch_to("mysql_native_password")));
    both.far.shutdown(test::tcp::socket::shutdown_send);
    CHECK(log_in({}, *known).how == end::lost);
  }
  SECTION("numbers its packets wrongly") {
    both.send(packet(7, switch_to("mysql_native_password")));
    CHECK(log_in({}, *known).how == end::lost);
  }
  SECTION("asks without an end") {
    CHECK(log_in(std::vector<std::string>(12, switch_to("mysql_native_password")), *known).how == end::lost);
  }
  SECTION("an error that is none") {
    CHECK(log_in({"\xff\x15"}, *known).how == end::lost);
  }
}

TEST_CASE("only some refusals are about the password") {
  CHECK(tells_wrong_password({1045, "28000", ""}));
  CHECK(tells_wrong_password({1698, "28000", ""}));
  CHECK_FALSE(tells_wrong_password({1040, "08004", ""}));
  CHECK_FALSE(tells_wrong_password({1130, "HY000", ""}));
  CHECK_FALSE(tells_wrong_password({1044, "42000", ""}));
}
