#include "proxy/password.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sessiongate::proxy {

namespace {

constexpr std::size_t nonce_size = 20;

std::string digest(const EVP_MD* kind, std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const auto part : parts) joined += part;
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (EVP_Digest(joined.data(), joined.size(), out.data(), &size, kind, nullptr) != 1) {
    throw std::runtime_error("the digest failed");
  }
  OPENSSL_cleanse(joined.data(), joined.size());
  return {out.begin(), out.begin() + size};
}

std::string exclusive_or(std::string left, std::string_view right) {
  std::ranges::transform(left, right, left.begin(), [](char a, char b) { return static_cast<char>(a ^ b); });
  return left;
}

}  // namespace

std::string make_nonce() {
  std::array<unsigned char, nonce_size> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw std::runtime_error("no random bytes");
  std::string nonce(nonce_size, '\0');
  std::ranges::transform(random, nonce.begin(), [](unsigned char each) { return static_cast<char>(each % 126 + 1); });
  return nonce;
}

std::string native_password_response(std::string_view password, std::string_view nonce) {
  if (password.empty()) return {};
  const auto once = digest(EVP_sha1(), {password});
  const auto twice = digest(EVP_sha1(), {once});
  return exclusive_or(once, digest(EVP_sha1(), {nonce, twice}));
}

std::string caching_sha2_response(std::string_view password, std::string_view nonce) {
  if (password.empty()) return {};
  const auto once = digest(EVP_sha256(), {password});
  const auto twice = digest(EVP_sha256(), {once});
  return exclusive_or(once, digest(EVP_sha256(), {twice, nonce}));
}

bool same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace sessiongate::proxy
