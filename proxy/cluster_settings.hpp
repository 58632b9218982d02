// Clusters as they are configured: which backends each has, in which order logins try them, and how the proxy gets in.
// Plain values, no thread.
#pragma once

#include "proxy/secret.hpp"

#include "session/endpoint.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::proxy {

/// In which order a login tries the backends of a cluster.
enum class backend_order : std::uint8_t {
  failover,  // as they are listed
  weight,    // by chance, in proportion to their weights
};
inline constexpr std::array<std::string_view, 2> backend_orders{"failover", "weight"};
std::string_view to_text(backend_order order);

/// What the proxy has to open a server session by itself.
enum class credentials_mode : std::uint8_t {
  none,   // nothing: clients' logins are passed through
  users,  // the passwords of a file
  learn,  // what it learns from clients' logins
};
inline constexpr std::array<std::string_view, 3> credentials_modes{"none", "users", "learn"};
std::string_view to_text(credentials_mode mode);

struct backend_settings {
  session::endpoint address{};
  std::uint32_t weight = 1;  // 0: only when none of the others can be reached

  bool operator==(const backend_settings&) const = default;
};

struct cluster_settings {
  std::string name{};  // empty: the only cluster, which takes any label
  std::vector<backend_settings> backends{};
  backend_order order = backend_order::failover;
  std::vector<std::string> tenants{};  // logins that name one of them and no cluster come here
  credentials_mode credentials = credentials_mode::none;
  std::string users_file{};
  std::string control_user{};  // empty: no control account
  std::string control_password_file{};
  secret_text control_password{};
};

inline constexpr std::size_t clusters_max = 256;
inline constexpr std::size_t cluster_backends_max = 64;
inline constexpr std::size_t backend_weight_max = 1'000'000;

/// A JSON list of objects, as in docs/configuration.md; empty text: none. Otherwise what is wrong with it. Secrets are
/// not read here.
std::variant<std::vector<cluster_settings>, std::string> parse_clusters(std::string_view text);
/// What parse_clusters() reads as the same clusters.
std::string to_text(const std::vector<cluster_settings>& clusters);

}  // namespace sessiongate::proxy
