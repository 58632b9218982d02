// The bearer tokens of the HTTP API: names, roles and digests. The tokens themselves are not kept.
#pragma once

#include "admin/principal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

class access_tokens {
 public:
  /// False when the name is taken.
  bool add(std::string name, token_role role, std::string_view token);

  /// Lines of `NAME ROLE TOKEN` or `NAME ROLE sha256:HEX`, the digest of the token; empty lines and those that begin
  /// with # are skipped. What is wrong, with the line's number, is appended to `errors`; nothing of a token is in it.
  void read(std::string_view text, std::vector<std::string>& errors);

  /// Who presents this token. Compares digests, all of them and each to its end, so that time tells nothing.
  [[nodiscard]] std::optional<principal> find(std::string_view presented) const;

  [[nodiscard]] std::size_t size() const { return tokens_.size(); }

 private:
  using digest = std::array<std::uint8_t, 32>;
  struct entry {
    std::string name;
    token_role role = token_role::viewer;
    digest hash{};
  };

  static digest hash_of(std::string_view token);
  static std::optional<digest> parse_hash(std::string_view hex);
  std::string read_line(std::string_view line);
  bool add(entry added);

  std::vector<entry> tokens_;
};

}  // namespace sessiongate::admin
