#include "proxy/rsa_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace sessiongate::proxy {

namespace {

constexpr unsigned int generated_bits = 2048;
constexpr int bits_min = 1024;
constexpr int bits_max = 8192;  // a larger key costs its user more time than a login may
constexpr std::size_t pem_size_max = 16384;

using bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

bio open_text(std::string_view pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all};
}

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  ERR_clear_error();  // what failed is told by a missing key; the queue belongs to the thread's TLS connections, too
  std::shared_ptr<EVP_PKEY> owned(key, &EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return nullptr;
  const auto bits = EVP_PKEY_get_bits(key);
  return bits >= bits_min && bits <= bits_max ? owned : nullptr;
}

/// The whole of an RSA operation with OAEP: its preparation and its work are two functions of OpenSSL.
template <class Prepare, class Work>
std::optional<secret_bytes> run(EVP_PKEY* key, Prepare prepare, Work work, protocol::bytes_view in) {
  const context with(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  secret_bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  auto size = out.size();
  const bool worked = with && prepare(with.get()) == 1 &&
                      EVP_PKEY_CTX_set_rsa_padding(with.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
                      work(with.get(), out.data(), &size, in.data(), in.size()) == 1;
  ERR_clear_error();
  if (!worked) return std::nullopt;
  out.resize(size);
  return out;
}

std::string write_public_pem(EVP_PKEY* key) {
  const bio text(BIO_new(BIO_s_mem()), &BIO_free_all);
  char* data = nullptr;
  if (!text || PEM_write_bio_PUBKEY(text.get(), key) != 1) throw std::runtime_error("an RSA key cannot be written");
  const auto size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

rsa_key::rsa_key(std::shared_ptr<EVP_PKEY> pair) : pair_(std::move(pair)), public_pem_(write_public_pem(pair_.get())) {}

rsa_key rsa_key::generate() {
  auto pair = own(EVP_RSA_gen(generated_bits));
  if (!pair) throw std::runtime_error("an RSA key cannot be generated");
  return rsa_key(std::move(pair));
}

std::optional<rsa_key> rsa_key::from_pem(std::string_view pem) {
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };  // else OpenSSL asks on the terminal
  auto pair = own(PEM_read_bio_PrivateKey(open_text(pem).get(), nullptr, no_passphrase, nullptr));
  if (!pair) return std::nullopt;
  return rsa_key(std::move(pair));
}

std::optional<secret_bytes> rsa_key::decrypt(protocol::bytes_view cipher) const {
  return run(pair_.get(), &EVP_PKEY_decrypt_init, &EVP_PKEY_decrypt, cipher);
}

std::optional<secret_bytes> rsa_encrypt(std::string_view public_pem, protocol::bytes_view plain) {
  if (public_pem.size() > pem_size_max) return std::nullopt;
  const auto key = own(PEM_read_bio_PUBKEY(open_text(public_pem).get(), nullptr, nullptr, nullptr));
  if (!key) return std::nullopt;
  return run(key.get(), &EVP_PKEY_encrypt_init, &EVP_PKEY_encrypt, plain);
}

void mix_with_nonce(secret_bytes& password, std::string_view nonce) {
  for (std::size_t at = 0; at < password.size(); ++at) {
    password[at] ^= static_cast<std::uint8_t>(nonce[at % nonce.size()]);
  }
}

}  // namespace sessiongate::proxy
