#include "proxy/change_user_exchange.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
namespace protocol = sessiongate::protocol;
using action = auth_exchange::step::action;

namespace {

constexpr std::size_t packet_max = 1000;

protocol::bytes packet(std::uint8_t sequence_id, std::string_view payload) {
  protocol::bytes out;
  protocol::append_packet(out, sequence_id, protocol::as_bytes(payload));
  return out;
}

std::string text(const secret_bytes& from) {
  return std::string(protocol::as_text(from));
}

std::string text(const protocol::bytes& from) {
  return std::string(protocol::as_text(from));
}

const std::string switch_to_sha256 = std::string("\xfesha256_password\0", 17) + "01234567890123456789" + '\0';
const std::string ok("\0\0\0\2\0\0\0", 7);

const rsa_key& own_key() {
  static const auto key = rsa_key::generate();
  return key;
}

secret_bytes password_for_proxy() {
  auto password = to_secret(protocol::as_bytes(std::string_view("secret\0", 7)));
  mix_with_nonce(password, "01234567890123456789");
  return rsa_encrypt(own_key().public_pem(), password).value();
}

}  // namespace

TEST_CASE("packets that are carried keep their numbers") {
  change_user_exchange exchange({.rounds_max = 8}, packet_max, 0);
  CHECK(text(exchange.on_backend(packet(1, switch_to_sha256)).packet) == text(packet(1, switch_to_sha256)));
  CHECK(text(exchange.on_client(packet(2, "\x01")).packet) == text(packet(2, "\x01")));
  CHECK(text(exchange.on_backend(packet(3, "a key")).packet) == text(packet(3, "a key")));
  CHECK(text(exchange.on_client(packet(4, "a cipher")).packet) == text(packet(4, "a cipher")));
  const auto last = exchange.on_backend(packet(5, ok));
  CHECK(last.what == action::finished);
  CHECK(text(last.packet) == text(packet(5, ok)));
}

TEST_CASE("where the proxy answers itself each side has its own numbers") {
  SECTION("the client") {
    change_user_exchange exchange({.backend = link_kind::encrypted, .own_key = &own_key(), .rounds_max = 8}, packet_max,
                                  0);
    exchange.on_backend(packet(1, switch_to_sha256));
    const auto key = exchange.on_client(packet(2, "\x01"));
    CHECK(key.what == action::to_client);
    CHECK(key.packet.at(3) == 3);
    CHECK(exchange.next_for_client() == 4);
    const auto password = exchange.on_client(packet(4, protocol::as_text(password_for_proxy())));
    CHECK(password.what == action::to_backend);
    CHECK(text(password.packet) == text(packet(2, std::string_view("secret\0", 7))));
    CHECK(text(exchange.on_backend(packet(3, ok)).packet) == text(packet(5, ok)));
  }
  SECTION("the backend") {
    change_user_exchange exchange({.client = link_kind::encrypted, .rounds_max = 8}, packet_max, 0);
    exchange.on_backend(packet(1, switch_to_sha256));
    CHECK(text(exchange.on_client(packet(2, std::string_view("secret\0", 7))).packet) == text(packet(2, "\x01")));
    const auto cipher = exchange.on_backend(packet(3, own_key().public_pem()));
    CHECK(cipher.what == action::to_backend);
    CHECK(cipher.packet.at(3) == 4);
    CHECK(text(exchange.on_backend(packet(5, ok)).packet) == text(packet(3, ok)));
  }
}

TEST_CASE("a wrong number is refused, from either side") {
  change_user_exchange exchange({.rounds_max = 8}, packet_max, 0);
  SECTION("the backend's") {
    CHECK(exchange.on_backend(packet(2, switch_to_sha256)).error.code == 1156);
  }
  SECTION("the client's") {
    exchange.on_backend(packet(1, switch_to_sha256));
    CHECK(exchange.on_client(packet(1, "\x01")).error.code == 1156);
  }
}

TEST_CASE("a packet is whole or not, and too large by its head alone") {
  const change_user_exchange exchange({.rounds_max = 8}, packet_max, 0);
  const auto whole = packet(1, "payload");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(change_user_exchange::whole_packet(protocol::bytes_view(whole).first(size)) == 0);
  }
  CHECK(change_user_exchange::whole_packet(whole) == whole.size());
  auto two = whole;
  two.push_back(1);
  CHECK(change_user_exchange::whole_packet(two) == whole.size());
  CHECK_FALSE(exchange.too_large(packet(1, std::string(packet_max, 'x'))));
  const auto large = packet(1, std::string(packet_max + 1, 'x'));
  CHECK(exchange.too_large(protocol::bytes_view(large).first(4)));
  CHECK_FALSE(exchange.too_large(protocol::bytes_view(large).first(3)));
}
