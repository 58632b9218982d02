#include "proxy/password_hashes.hpp"

#include "proxy/password.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace sessiongate::proxy {

namespace {

struct version {
  int major = 0;
  int minor = 0;
};

/// MariaDB puts `5.5.5-` before its own, so that old replicas believe it.
version read_version(std::string_view text) {
  constexpr std::string_view prefix = "5.5.5-";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  version read;
  const auto [end, ec] = std::from_chars(text.begin(), text.end(), read.major);
  if (ec == std::errc() && end != text.end()) std::from_chars(end + 1, text.end(), read.minor);
  return read;
}

bool is_mariadb(std::string_view server_version) {
  return server_version.find("MariaDB") != std::string_view::npos;
}

/// Since MariaDB 10.4 mysql.user is a view, which does not show the second plugin of an account that has two.
bool has_global_priv(std::string_view server_version) {
  const auto [major, minor] = read_version(server_version);
  return is_mariadb(server_version) && (major > 10 || (major == 10 && minor >= 4));
}

bool has_password_column(std::string_view server_version) {
  const auto [major, minor] = read_version(server_version);
  return is_mariadb(server_version) || major < 5 || (major == 5 && minor < 7);
}

}  // namespace

std::string_view hashes_table(std::string_view server_version) {
  return has_global_priv(server_version) ? "mysql.global_priv" : "mysql.user";
}

/// The name is given in hexadecimal, for whatever it has in it.
std::string hashes_question(std::string_view server_version, std::string_view user) {
  const auto columns = has_global_priv(server_version)       ? "Priv"
                       : has_password_column(server_version) ? "Password, authentication_string"
                                                             : "authentication_string";
  return fmt::format("SELECT {} FROM {} WHERE User = X'{:02X}'", columns, hashes_table(server_version),
                     fmt::join(protocol::as_bytes(user), ""));
}

password_hashes read_hashes(protocol::bytes_view answer) {
  constexpr std::size_t digits = 2 * native_hash_size;
  password_hashes found;
  for (auto star = std::ranges::find(answer, '*'); star != answer.end();
       star = std::find(star + 1, answer.end(), '*')) {
    const auto rest = answer.subspan(static_cast<std::size_t>(star - answer.begin()) + 1);
    if (rest.size() < digits) break;
    auto hash = read_native_hash(protocol::as_text(rest.first(digits)));
    if (hash && std::ranges::find(found, *hash) == found.end()) found.push_back(std::move(*hash));
  }
  return found;
}

}  // namespace sessiongate::proxy
