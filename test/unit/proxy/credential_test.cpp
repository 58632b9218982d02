#include "proxy/credential.hpp"

#include "proxy/password.hpp"

#include "protocol/auth_packets.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sessiongate::proxy;
using sessiongate::protocol::as_bytes;
using sessiongate::protocol::as_text;
namespace protocol = sessiongate::protocol;

namespace {

const std::string nonce = "01234567890123456789";
const std::string long_nonce = "01234567890123456789012345678901";

protocol::bytes challenge(std::string_view plugin, std::string_view data) {
  protocol::bytes out;
  protocol::write_auth_switch_request(out, {std::string(plugin), std::string(data)});
  return out;
}

std::string answer_of(const credential& known, std::string_view plugin, std::string_view data,
                      link_kind link = link_kind::plain) {
  const auto answer = known.answer(plugin, challenge(plugin, data), link);
  REQUIRE(answer);
  return std::string(as_text(*answer));
}

const std::string with_zero{"secret\0", 7};
const protocol::bytes full_authentication{0x01, 0x04};

}  // namespace

TEST_CASE("a password answers every plugin that takes one, over the first 20 bytes of the nonce or ed25519's 32") {
  const auto known = credential::of_password("secret");
  CHECK(answer_of(*known, "mysql_native_password", nonce + '\0') == native_password_response("secret", nonce));
  CHECK(answer_of(*known, "caching_sha2_password", nonce + '\0') == caching_sha2_response("secret", nonce));
  CHECK(answer_of(*known, "client_ed25519", long_nonce) == ed25519_response("secret", long_nonce));
  CHECK(answer_of(*known, "sha256_password", nonce) == with_zero);
}

TEST_CASE("a password is sent itself in full authentication, and to a plugin that wants it so over TLS only") {
  const auto known = credential::of_password("secret");
  for (const auto link : {link_kind::plain, link_kind::local, link_kind::encrypted}) {
    const auto full = known->answer("caching_sha2_password", full_authentication, link);
    REQUIRE(full);
    CHECK(as_text(*full) == with_zero);
    const auto clear = known->answer("mysql_clear_password", challenge("mysql_clear_password", ""), link);
    CHECK(clear.has_value() == (link == link_kind::encrypted));
    CHECK(known->why_not("mysql_clear_password", link).empty() == (link == link_kind::encrypted));
  }
  CHECK(answer_of(*known, "mysql_clear_password", "", link_kind::encrypted) == with_zero);
}

TEST_CASE("an empty password is said as clients say it") {
  const auto known = credential::of_password("");
  CHECK(answer_of(*known, "mysql_native_password", nonce).empty());
  CHECK(answer_of(*known, "caching_sha2_password", nonce).empty());
  CHECK(answer_of(*known, "sha256_password", nonce) == std::string(1, '\0'));
  CHECK(answer_of(*known, "client_ed25519", long_nonce) == ed25519_response("", long_nonce));
}

TEST_CASE("the native hash answers mysql_native_password alone") {
  const auto known = credential::of_native_hash(native_hash("secret"));
  CHECK(answer_of(*known, "mysql_native_password", nonce + '\0') == native_password_response("secret", nonce));
  for (const auto* plugin : {"caching_sha2_password", "client_ed25519", "sha256_password", "mysql_clear_password"}) {
    INFO(plugin);
    CHECK_FALSE(known->answer(plugin, challenge(plugin, long_nonce), link_kind::encrypted));
    CHECK(known->why_not(plugin, link_kind::encrypted).find(plugin) != std::string::npos);
  }
}

TEST_CASE("what is not asked for as the plugin asks is not answered") {
  const auto known = credential::of_password("secret");
  const auto wrong =
      GENERATE(protocol::bytes{}, protocol::bytes{0x01}, protocol::bytes{0x01, 0x05}, protocol::bytes{0x01, 0x04, 0x04},
               protocol::bytes{0xFE, 'x'}, protocol::bytes{0x02, 'x'});
  CHECK_FALSE(known->answer("caching_sha2_password", wrong, link_kind::encrypted));
  CHECK_FALSE(known->answer("mysql_native_password", full_authentication, link_kind::encrypted));
  CHECK_FALSE(known->answer("client_ed25519", full_authentication, link_kind::encrypted));
  CHECK_FALSE(known->answer("dialog", challenge("dialog", "\x04Password: "), link_kind::encrypted));
  CHECK(known->why_not("dialog", link_kind::encrypted) == "the proxy cannot log in with the plugin dialog");
}

TEST_CASE("a client's proof is compared with one's own, where the plugin gives the same each time") {
  const auto known = credential::of_password("secret");
  const auto hash = credential::of_native_hash(native_hash("secret"));
  const auto none = credential::of_password("");
  const auto native = native_password_response("secret", nonce);
  CHECK(known->agrees_with("mysql_native_password", nonce, native) == true);
  CHECK(hash->agrees_with("mysql_native_password", nonce, native) == true);
  CHECK(none->agrees_with("mysql_native_password", nonce, native) == false);
  CHECK(none->agrees_with("mysql_native_password", nonce, "") == true);
  CHECK(none->agrees_with("caching_sha2_password", nonce, std::string_view("\0", 1)) == true);
  CHECK(known->agrees_with("mysql_native_password", nonce, "") == false);
  CHECK(known->agrees_with("caching_sha2_password", nonce, caching_sha2_response("secret", nonce)) == true);
  CHECK(known->agrees_with("caching_sha2_password", nonce, caching_sha2_response("Secret", nonce)) == false);
  CHECK(hash->agrees_with("caching_sha2_password", nonce, caching_sha2_response("secret", nonce)) == std::nullopt);
  CHECK(known->agrees_with("client_ed25519", long_nonce, ed25519_response("secret", long_nonce)) == true);
  CHECK(known->agrees_with("client_ed25519", long_nonce, ed25519_response("other", long_nonce)) == false);
  CHECK(known->agrees_with("sha256_password", nonce, "whatever") == std::nullopt);
}

TEST_CASE("a refusal is noted once, and seen by all who share the credential") {
  const auto known = credential::of_password("secret");
  const auto same = known;
  CHECK_FALSE(same->refused());
  CHECK(known->refuse());
  CHECK_FALSE(known->refuse());
  CHECK(same->refused());
}
