// A client and a server that play an authentication against each other, with auth_exchange between them.
#pragma once

#include "proxy/auth_exchange.hpp"

#include "protocol/auth_packets.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>

namespace sessiongate::proxy::auth_play {

using protocol::as_bytes;
using protocol::as_text;
using action = auth_exchange::step::action;
using turn = auth_exchange::turn;
using session::stop_reason;

inline constexpr std::string_view nonce = "01234567890123456789";
inline constexpr std::string_view password{"secret\0", 7};

inline const rsa_key& key_of_proxy() {
  static const auto key = rsa_key::generate();
  return key;
}

inline const rsa_key& key_of_server() {
  static const auto key = rsa_key::generate();
  return key;
}

inline secret_bytes mixed(std::string_view text) {
  auto out = to_secret(as_bytes(text));
  mix_with_nonce(out, nonce);
  return out;
}

inline secret_bytes encrypted(std::string_view text, const rsa_key& with) {
  return rsa_encrypt(with.public_pem(), mixed(text)).value();
}

inline std::string decrypted(protocol::bytes_view cipher, const rsa_key& with) {
  auto plain = with.decrypt(cipher).value();
  mix_with_nonce(plain, nonce);
  return std::string(as_text(plain));
}

inline protocol::bytes switch_to(std::string_view plugin, std::string_view data = nonce) {
  protocol::bytes out;
  protocol::write_auth_switch_request(out, {std::string(plugin), std::string(data) + '\0'});
  return out;
}

inline protocol::bytes more_data(std::string_view data) {
  protocol::bytes out;
  protocol::write_auth_more_data(out, data);
  return out;
}

struct play {
  explicit play(auth_circumstances given) : exchange(with_defaults(given)) {}

  static auth_circumstances with_defaults(auth_circumstances given) {
    if (given.own_key == nullptr) given.own_key = &key_of_proxy();
    if (given.rounds_max == 0) given.rounds_max = 32;
    return given;
  }

  std::string backend_says(protocol::bytes_view payload, action expected) {
    return check(exchange.on_backend(payload), expected);
  }
  std::string client_says(protocol::bytes_view payload, action expected) {
    return check(exchange.on_client(payload), expected);
  }
  void carries_to_client(protocol::bytes_view payload) {
    CHECK(backend_says(payload, action::to_client) == as_text(payload));
  }
  void carries_to_backend(protocol::bytes_view payload) {
    CHECK(client_says(payload, action::to_backend) == as_text(payload));
  }
  void is_refused(const auth_exchange::step& step, std::uint16_t code, stop_reason reason) {
    CHECK(step.what == action::refused);
    CHECK(step.error.code == code);
    CHECK(step.error.sqlstate.size() == 5);
    CHECK_FALSE(step.error.message.empty());
    CHECK(step.reason == reason);
    CHECK(step.packet.empty());
  }
  void succeeds() {
    const protocol::bytes ok{0, 0, 0, 2, 0, 0, 0};
    backend_says(ok, action::finished);
  }
  /// Up to where caching_sha2_password asks for the password itself.
  void reach_full_authentication() {
    carries_to_client(switch_to("caching_sha2_password"));
    CHECK(exchange.next() == turn::client);
    carries_to_backend(as_bytes("an answer of 32 bytes to a nonce"));
    CHECK(exchange.next() == turn::backend);
    carries_to_client(more_data("\x04"));
    CHECK(exchange.next() == turn::client);
  }

  auth_exchange exchange;

 private:
  static std::string check(const auth_exchange::step& step, action expected) {
    INFO(step.error.message);
    CHECK(step.what == expected);
    return std::string(as_text(step.packet));
  }
};

inline auth_circumstances between(link_kind client, link_kind backend) {
  return {.client = client, .backend = backend};
}

inline constexpr std::array any_client{link_kind::plain, link_kind::local, link_kind::encrypted};

}  // namespace sessiongate::proxy::auth_play
