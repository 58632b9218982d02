#include "proxy/rsa_key.hpp"

#include <catch2/catch.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

using namespace sessiongate::proxy;
namespace protocol = sessiongate::protocol;

namespace {

const rsa_key& own() {
  static const auto key = rsa_key::generate();
  return key;
}

std::string pem_of(EVP_PKEY* key, bool with_private_part) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text(BIO_new(BIO_s_mem()), &BIO_free_all);
  if (with_private_part)
    PEM_write_bio_PrivateKey(text.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  else
    PEM_write_bio_PUBKEY(text.get(), key);
  EVP_PKEY_free(key);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

secret_bytes secret(std::string_view text) {
  return to_secret(protocol::as_bytes(text));
}

}  // namespace

TEST_CASE("what is encrypted for a key is decrypted with it and with no other") {
  const auto cipher = rsa_encrypt(own().public_pem(), secret("a password"));
  REQUIRE(cipher.has_value());
  CHECK(cipher->size() == 256);
  CHECK(own().decrypt(*cipher) == secret("a password"));
  CHECK_FALSE(rsa_key::generate().decrypt(*cipher).has_value());
  CHECK(rsa_encrypt(own().public_pem(), secret("a password")) != cipher);  // OAEP is salted
}

TEST_CASE("what was not encrypted is not decrypted") {
  CHECK_FALSE(own().decrypt({}).has_value());
  CHECK_FALSE(own().decrypt(secret("password")).has_value());
  CHECK_FALSE(own().decrypt(secret(std::string(256, 'x'))).has_value());
  CHECK_FALSE(own().decrypt(secret(std::string(1024, '\0'))).has_value());
}

TEST_CASE("a plain text that the key has no room for is refused") {
  CHECK(rsa_encrypt(own().public_pem(), secret(std::string(214, 'x'))).has_value());
  CHECK_FALSE(rsa_encrypt(own().public_pem(), secret(std::string(215, 'x'))).has_value());
}

TEST_CASE("only RSA keys of a usual size are taken") {
  const auto plain = secret("password");
  CHECK(rsa_encrypt(pem_of(EVP_RSA_gen(1024), false), plain).has_value());
  CHECK_FALSE(rsa_encrypt(pem_of(EVP_RSA_gen(512), false), plain).has_value());
  CHECK_FALSE(rsa_encrypt(pem_of(EVP_EC_gen("P-256"), false), plain).has_value());
  CHECK_FALSE(rsa_encrypt("", plain).has_value());
  CHECK_FALSE(rsa_encrypt("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", plain).has_value());
  CHECK_FALSE(rsa_encrypt(own().public_pem() + std::string(20000, '\n'), plain).has_value());
}

TEST_CASE("a private key comes from its file") {
  const auto pem = pem_of(EVP_RSA_gen(2048), true);
  const auto read = rsa_key::from_pem(pem);
  REQUIRE(read.has_value());
  const auto cipher = rsa_encrypt(read->public_pem(), secret("password"));
  REQUIRE(cipher.has_value());
  CHECK(rsa_key::from_pem(pem)->decrypt(*cipher) == secret("password"));
  CHECK_FALSE(rsa_key::from_pem(own().public_pem()).has_value());
  CHECK_FALSE(rsa_key::from_pem("no key").has_value());
  CHECK_FALSE(rsa_key::from_pem(pem_of(EVP_EC_gen("P-256"), true)).has_value());
}

TEST_CASE("the nonce is mixed in over the whole password, its zero included, and out again") {
  auto password = secret(std::string("abc\0", 4));
  mix_with_nonce(password, "xy");
  const auto mixed_at = [](char of, char with) { return static_cast<std::uint8_t>(of ^ with); };
  CHECK(password ==
        secret_bytes{mixed_at('a', 'x'), mixed_at('b', 'y'), mixed_at('c', 'x'), static_cast<std::uint8_t>('y')});
  mix_with_nonce(password, "xy");
  CHECK(password == secret(std::string("abc\0", 4)));
}
