#include "proxy/password.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

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
