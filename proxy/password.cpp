#include "proxy/password.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>

namespace sessiongate::proxy {

namespace {

using protocol::as_bytes;
using protocol::bytes_view;

constexpr std::size_t nonce_size = 20;

struct free_digest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};

secret_bytes digest(const EVP_MD* kind, std::initializer_list<bytes_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, free_digest> running(EVP_MD_CTX_new());
  bool good = running && EVP_DigestInit_ex(running.get(), kind, nullptr) == 1;
  for (const auto part : parts) good = good && EVP_DigestUpdate(running.get(), part.data(), part.size()) == 1;
  secret_bytes out(static_cast<std::size_t>(EVP_MD_get_size(kind)));
  if (!good || EVP_DigestFinal_ex(running.get(), out.data(), nullptr) != 1) {
    throw std::runtime_error("the digest failed");
  }
  return out;
}

std::string exclusive_or(bytes_view left, bytes_view right) {
  std::string out(left.size(), '\0');
  std::ranges::transform(left, right, out.begin(),
                         [](std::uint8_t one, std::uint8_t other) { return static_cast<char>(one ^ other); });
  return out;
}

void start_sodium() {
  static const int started = sodium_init();
  if (started < 0) throw std::runtime_error("libsodium does not start");
}

}  // namespace

std::string make_nonce() {
  std::array<unsigned char, nonce_size> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw std::runtime_error("no random bytes");
  std::string nonce(nonce_size, '\0');
  std::ranges::transform(random, nonce.begin(), [](unsigned char each) { return static_cast<char>(each % 126 + 1); });
  return nonce;
}

secret_bytes native_hash(std::string_view password) {
  return digest(EVP_sha1(), {as_bytes(password)});
}

std::string native_hash_response(bytes_view hash, std::string_view nonce) {
  const auto stored = digest(EVP_sha1(), {hash});
  return exclusive_or(hash, digest(EVP_sha1(), {as_bytes(nonce), stored}));
}

std::string native_password_response(std::string_view password, std::string_view nonce) {
  return password.empty() ? std::string() : native_hash_response(native_hash(password), nonce);
}

std::optional<secret_bytes> native_hash_behind(std::string_view response, std::string_view nonce, bytes_view stored) {
  if (response.size() != native_hash_size || stored.size() != native_hash_size) return std::nullopt;
  const auto mask = digest(EVP_sha1(), {as_bytes(nonce), stored});
  secret_bytes hash(native_hash_size);
  std::ranges::transform(as_bytes(response), mask, hash.begin(), std::bit_xor<std::uint8_t>());
  if (!same_secret(protocol::as_text(digest(EVP_sha1(), {hash})), protocol::as_text(stored))) return std::nullopt;
  return hash;
}

std::optional<secret_bytes> read_native_hash(std::string_view digits) {
  secret_bytes hash(native_hash_size);
  if (digits.size() != 2 * hash.size()) return std::nullopt;
  for (auto& byte : hash) {
    const auto pair = digits.substr(0, 2);
    const auto [end, ec] = std::from_chars(pair.begin(), pair.end(), byte, 16);
    if (ec != std::errc() || end != pair.end()) return std::nullopt;
    digits.remove_prefix(2);
  }
  return hash;
}

std::string caching_sha2_response(std::string_view password, std::string_view nonce) {
  if (password.empty()) return {};
  const auto once = digest(EVP_sha256(), {as_bytes(password)});
  const auto twice = digest(EVP_sha256(), {once});
  return exclusive_or(once, digest(EVP_sha256(), {twice, as_bytes(nonce)}));
}

/// Ed25519 over the halves of SHA512(password), where the usual Ed25519 has those of SHA512(a seed of 32 bytes).
std::string ed25519_response(std::string_view password, std::string_view nonce) {
  constexpr std::size_t half = crypto_core_ed25519_SCALARBYTES;
  start_sodium();
  auto halves = digest(EVP_sha512(), {as_bytes(password)});
  halves[0] &= 0xF8U;
  halves[half - 1] &= 0x3FU;
  halves[half - 1] |= 0x40U;
  const auto key = bytes_view(halves).first(half);
  std::array<std::uint8_t, crypto_core_ed25519_BYTES> public_key{};
  std::array<std::uint8_t, crypto_core_ed25519_BYTES> commitment{};
  secret_bytes random(half);
  secret_bytes proof(half);
  crypto_core_ed25519_scalar_reduce(random.data(),
                                    digest(EVP_sha512(), {bytes_view(halves).subspan(half), as_bytes(nonce)}).data());
  const bool good = crypto_scalarmult_ed25519_base_noclamp(public_key.data(), key.data()) == 0 &&
                    crypto_scalarmult_ed25519_base_noclamp(commitment.data(), random.data()) == 0;
  if (!good) throw std::runtime_error("the signature failed");
  crypto_core_ed25519_scalar_reduce(proof.data(),
                                    digest(EVP_sha512(), {commitment, public_key, as_bytes(nonce)}).data());
  crypto_core_ed25519_scalar_mul(proof.data(), proof.data(), key.data());
  crypto_core_ed25519_scalar_add(proof.data(), proof.data(), random.data());
  std::string signature(commitment.begin(), commitment.end());
  signature.append(proof.begin(), proof.end());
  return signature;
}

bool same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace sessiongate::proxy
