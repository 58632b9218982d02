#include "proxy/password.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sessiongate::proxy;

TEST_CASE("a nonce has 20 bytes, none of them zero, and is a new one each time") {
  const auto nonce = make_nonce();
  CHECK(nonce.size() == 20);
  CHECK(std::ranges::count(nonce, '\0') == 0);
  CHECK(make_nonce() != nonce);
}

TEST_CASE("challenge responses depend on the password and the nonce") {
  const std::string nonce = "01234567890123456789";
  CHECK(native_password_response("secret", nonce).size() == 20);
  CHECK(caching_sha2_response("secret", nonce).size() == 32);
  CHECK(native_password_response("secret", nonce) != native_password_response("Secret", nonce));
  CHECK(native_password_response("secret", nonce) != native_password_response("secret", make_nonce()));
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
  CHECK(same_secret("", ""));
}
