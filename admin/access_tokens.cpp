#include "admin/access_tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace sessiongate::admin {

namespace {

constexpr std::string_view hash_mark = "sha256:";

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

std::optional<token_role> parse_role(std::string_view word) {
  for (const auto each : {token_role::viewer, token_role::operators, token_role::admin}) {
    if (to_text(each) == word) return each;
  }
  return std::nullopt;
}

}  // namespace

access_tokens::digest access_tokens::hash_of(std::string_view token) {
  digest hash{};
  if (EVP_Digest(token.data(), token.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("the digest failed");
  }
  return hash;
}

std::optional<access_tokens::digest> access_tokens::parse_hash(std::string_view hex) {
  digest hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (auto& byte : hash) {
    const auto digits = hex.substr(0, 2);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), byte, 16);
    if (error != std::errc() || end != digits.end()) return std::nullopt;
    hex.remove_prefix(2);
  }
  return hash;
}

bool access_tokens::add(entry added) {
  if (std::ranges::find(tokens_, added.name, &entry::name) != tokens_.end()) return false;
  tokens_.push_back(std::move(added));
  return true;
}

bool access_tokens::add(std::string name, token_role role, std::string_view token) {
  return add({.name = std::move(name), .role = role, .hash = hash_of(token)});
}

/// Empty: taken. Otherwise what is wrong.
std::string access_tokens::read_line(std::string_view line) {
  const auto name = take_word(line);
  if (name.empty() || name.starts_with('#')) return {};
  const auto role = parse_role(take_word(line));
  if (!role) return "the role must be viewer, operator or admin";
  const auto token = take_word(line);
  if (token.empty()) return "there is no token";
  if (!take_word(line).empty()) return "there is something behind the token";
  const bool hashed = token.starts_with(hash_mark);
  const auto hash = hashed ? parse_hash(token.substr(hash_mark.size())) : hash_of(token);
  if (!hash) return "sha256: needs 64 hexadecimal digits";
  if (!add({.name = std::string(name), .role = *role, .hash = *hash})) return "the name is there already";
  return {};
}

void access_tokens::read(std::string_view text, std::vector<std::string>& errors) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto wrong = read_line(line);
    if (!wrong.empty()) errors.push_back("line " + std::to_string(number) + ": " + wrong);
  }
}

std::optional<principal> access_tokens::find(std::string_view presented) const {
  const auto hash = hash_of(presented);
  const entry* found = nullptr;
  for (const auto& each : tokens_) {
    if (CRYPTO_memcmp(each.hash.data(), hash.data(), hash.size()) == 0) found = &each;
  }
  if (found == nullptr) return std::nullopt;
  principal who;
  who.kind = principal_kind::token;
  who.role = found->role;
  who.token = found->name;
  return who;
}

}  // namespace sessiongate::admin
