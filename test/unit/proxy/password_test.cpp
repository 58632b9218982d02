#include "proxy/password.hpp"

#include <catch2/catch.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

using namespace sessiongate::proxy;

namespace {

std::string in_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    const auto value = static_cast<unsigned char>(each);
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return text;
}

/// Bytes 1 to 20: as a nonce may be, unprintable.
std::string low_nonce() {
  std::string nonce;
  for (char each = 1; each <= 20; ++each) nonce += each;
  return nonce;
}

struct known {
  std::string password;
  std::string nonce;
  std::string_view native;
  std::string_view caching_sha2;
};

}  // namespace

TEST_CASE("challenge responses are those of PyMySQL") {
  const std::string digits = "01234567890123456789";
  const std::string umlauts = "p\xc3\xa4ssw\xc3\xb6rd 'x'";
  const std::array known_answers{
      known{"secret", digits, "7abe1a8776b59e931059451f81e596a60dbbf7a8",
            "1a2da2573c2faa367e2afddb54cdfd11a95ed22eef0167151196a6fc8e3d3813"},
      known{"secret", low_nonce(), "b32bb3a583e1340c0a1108d58b1be49781ad8c2f",
            "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9"},
      known{umlauts, digits, "b98387d25d7759f3bc23f15cce3ebc192345431a",
            "f52b6d7cc37c31b0aa81750ae43c6f79a558843c4b8d04986b8092a17269a6a4"},
      known{std::string(100, 'a'), low_nonce(), "f6f8ed2b172cd6f5f65299da0d51f265045791e4",
            "e1e61af85784125d2fa25f03f97fa40ee429b86b2bdf91304610ad46ed9443c5"},
  };
  for (const auto& each : known_answers) {
    INFO(each.password);
    CHECK(in_hex(native_password_response(each.password, each.nonce)) == each.native);
    CHECK(in_hex(caching_sha2_response(each.password, each.nonce)) == each.caching_sha2);
  }
}

TEST_CASE("a nonce has 20 bytes, none of them zero, and is a new one each time") {
  const auto nonce = make_nonce();
  CHECK(nonce.size() == 20);
  CHECK(std::ranges::count(nonce, '\0') == 0);
  CHECK(make_nonce() != nonce);
}

TEST_CASE("challenge responses depend on the password and the nonce") {
  const std::string nonce = "01234567890123456789";
  CHECK(native_password_response("secret", nonce) != native_password_response("Secret", nonce));
  CHECK(native_password_response("secret", nonce) != native_password_response("secret", make_nonce()));
  CHECK(caching_sha2_response("secret", nonce) != caching_sha2_response("Secret", nonce));
  CHECK(caching_sha2_response("secret", nonce) != caching_sha2_response("secret", make_nonce()));
}

TEST_CASE("an empty password gives an empty response") {
  CHECK(native_password_response("", make_nonce()).empty());
  CHECK(caching_sha2_response("", make_nonce()).empty());
}

TEST_CASE("secrets are compared as wholes") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "abcd"));
  CHECK_FALSE(same_secret("abc", ""));
  CHECK(same_secret("", ""));
  CHECK(same_secret(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  CHECK_FALSE(same_secret(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() > 1; hex.remove_prefix(2))
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  return bytes;
}

bool is_signed_by(std::string_view public_key, std::string_view nonce, std::string_view signature) {
  using sessiongate::protocol::as_bytes;
  const std::shared_ptr<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, as_bytes(public_key).data(), public_key.size()),
      EVP_PKEY_free);
  const std::shared_ptr<EVP_MD_CTX> running(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(running.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(running.get(), as_bytes(signature).data(), signature.size(), as_bytes(nonce).data(),
                          nonce.size()) == 1;
}

}  // namespace

TEST_CASE("ed25519 responses are what MariaDB's plugin signs") {
  const std::string digits = "01234567890123456789012345678901";
  std::string low;
  for (char each = 1; each <= 32; ++each) low += each;
  struct expected {
    std::string password;
    std::string nonce;
    std::string_view signature;
  };
  const std::array known{
      expected{"secret", digits,
               "fed55b62eb42744285b7aaad12bb5cc8f85f1da66c8de81b42e421542512677d"
               "fcb03947a5f0486fc651a3cf8b4e899a88b9ced1e228db5cca30718bcd3f3302"},
      expected{"secret", low,
               "60a0f4f8bcb6396043e44b2a25521af16f0815ff6369cc541c281e2c4455c823"
               "2b79b21ee5bb933507725db2f2919ea09e676f6abee19c5c7b98b40a627a9707"},
      expected{"p\xc3\xa4ssw\xc3\xb6rd", digits,
               "3b4aeacb6ae522696689931a0932dbbf7cf06e714363286e883021d17a045c09"
               "8ebc015964fd6cb469e20b3733c6ef57986eb334bdb67dbc6241dbddee3a1f0e"},
      expected{"", digits,
               "3c0ed0aaba949282e8f31dd47af754d9a9a0cf2cbbe2bb9b445d6b739ff49e28"
               "44e436ae59ef15dedb7f31a38a8a709ab919727e7a2135d1833e2d81c95fb003"},
  };
  for (const auto& each : known) {
    INFO(each.password);
    CHECK(in_hex(ed25519_response(each.password, each.nonce)) == each.signature);
  }
}

TEST_CASE("an ed25519 response is verified by the public key that MariaDB's documentation has for 'secret'") {
  // ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY
  const auto public_key = from_hex("648814444520e4f56043a2ec9215e63be7992d2d270bc6dee873e36164786096");
  for (int count = 0; count < 20; ++count) {
    const auto nonce = make_nonce() + "and 12 more.";
    CHECK(is_signed_by(public_key, nonce, ed25519_response("secret", nonce)));
    CHECK_FALSE(is_signed_by(public_key, nonce, ed25519_response("Secret", nonce)));
  }
}

TEST_CASE("a response and what the server stores give the native hash, and only if they belong together") {
  const std::string digits = "01234567890123456789";
  const auto stored = from_hex("14e65567abdb5135d0cfd9a70b3032c179a49ee7");  // PASSWORD('secret')
  const auto response = native_password_response("secret", digits);
  using sessiongate::protocol::as_bytes;
  using sessiongate::protocol::as_text;
  const auto hash = native_hash_behind(response, digits, as_bytes(stored));
  REQUIRE(hash);
  CHECK(in_hex(as_text(*hash)) == "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4");
  CHECK(*hash == native_hash("secret"));
  const std::string other = "98765432109876543210";
  CHECK(native_hash_response(*hash, other) == native_password_response("secret", other));
  CHECK_FALSE(native_hash_behind(native_password_response("Secret", digits), digits, as_bytes(stored)));
  CHECK_FALSE(native_hash_behind(response, other, as_bytes(stored)));
  CHECK_FALSE(native_hash_behind("", digits, as_bytes(stored)));
  CHECK_FALSE(native_hash_behind(response.substr(1), digits, as_bytes(stored)));
  CHECK_FALSE(native_hash_behind(response, digits, as_bytes(std::string_view(stored).substr(1))));
}
