#include "proxy/cluster_settings.hpp"

#include "proxy/setting_values.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace sessiongate::proxy {

namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view label_separators = "#@:";  // of login names

std::string wrong_text(const std::string& key) {
  return fmt::format("\"{}\" must be a text", key);
}

template <auto Member>
std::string take_text(cluster_settings& into, const std::string& key, const json& value) {
  if (!value.is_string()) return wrong_text(key);
  into.*Member = value.get<std::string>();
  return {};
}

std::string take_name(cluster_settings& into, const std::string& key, const json& value) {
  if (!value.is_string()) return wrong_text(key);
  into.name = value.get<std::string>();
  const bool usable = std::ranges::none_of(into.name, [](char letter) {
    return static_cast<unsigned char>(letter) < ' ' || label_separators.find(letter) != std::string_view::npos;
  });
  if (into.name.empty() || !usable) return fmt::format("\"{}\" must be a name without #, @ and :", key);
  return {};
}

std::string take_weight(backend_settings& into, const json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > backend_weight_max)
    return fmt::format("\"weight\" must be a number from 0 to {}", backend_weight_max);
  into.weight = value.get<std::uint32_t>();
  return {};
}

std::string take_address(backend_settings& into, const json& value) {
  if (!value.is_string()) return wrong_text("address");
  return setting_values::assign_backend_address(into.address, value.get<std::string>());
}

std::string take_backend(backend_settings& into, const json& value) {
  if (value.is_string()) return take_address(into, value);
  if (!value.is_object()) return "must be HOST:PORT, a path, or an object with an address";
  for (const auto& [key, member] : value.items()) {
    auto wrong = key == "address"  ? take_address(into, member)
                 : key == "weight" ? take_weight(into, member)
                                   : fmt::format("there is no \"{}\" in a backend", key);
    if (!wrong.empty()) return wrong;
  }
  return into.address.address.empty() ? "needs an \"address\"" : "";
}

std::string take_backends(cluster_settings& into, const std::string& key, const json& value) {
  if (!value.is_array()) return fmt::format("\"{}\" must be a list", key);
  if (value.size() > cluster_backends_max) return fmt::format("\"{}\": at most {}", key, cluster_backends_max);
  for (const auto& each : value) {
    backend_settings read;
    if (const auto wrong = take_backend(read, each); !wrong.empty())
      return fmt::format("backend {}: {}", into.backends.size() + 1, wrong);
    if (std::ranges::find(into.backends, read.address, &backend_settings::address) != into.backends.end())
      return fmt::format("backend {}: {} is there twice", into.backends.size() + 1, read.address.text());
    into.backends.push_back(std::move(read));
  }
  return {};
}

std::string take_tenants(cluster_settings& into, const std::string& key, const json& value) {
  const bool usable = value.is_array() && std::ranges::all_of(value, [](const json& each) {
                        return each.is_string() && !each.get_ref<const std::string&>().empty();
                      });
  if (!usable) return fmt::format("\"{}\" must be a list of names", key);
  into.tenants = value.get<std::vector<std::string>>();
  return {};
}

template <auto Member, const auto& Words>
std::string take_word(cluster_settings& into, const std::string& key, const json& value) {
  if (!value.is_string()) return wrong_text(key);
  const auto wrong = setting_values::assign_enum(into.*Member, value.get<std::string>(), Words);
  return wrong.empty() ? wrong : fmt::format("\"{}\" {}", key, wrong);
}

struct member {
  std::string_view key;
  std::string (*take)(cluster_settings& into, const std::string& key, const json& value);
};

constexpr member members[] = {
    {"name", take_name},
    {"backends", take_backends},
    {"order", take_word<&cluster_settings::order, backend_orders>},
    {"tenants", take_tenants},
    {"credentials", take_word<&cluster_settings::credentials, credentials_modes>},
    {"users_file", take_text<&cluster_settings::users_file>},
    {"control_user", take_text<&cluster_settings::control_user>},
    {"control_password_file", take_text<&cluster_settings::control_password_file>},
};

std::variant<cluster_settings, std::string> parse_cluster(const json& read) {
  if (!read.is_object()) return "must be an object";
  cluster_settings made;
  for (const auto& [key, value] : read.items()) {
    const auto* const known = std::ranges::find(members, std::string_view(key), &member::key);
    if (known == std::end(members)) return fmt::format("there is no \"{}\" in a cluster", key);
    if (auto wrong = known->take(made, key, value); !wrong.empty()) return wrong;
  }
  if (made.name.empty()) return "needs a \"name\"";
  if (made.backends.empty()) return "needs \"backends\"";
  return made;
}

/// What is in two of them.
std::string find_twice(const std::vector<cluster_settings>& clusters) {
  std::set<std::string_view> names;
  std::set<std::string_view> tenants;
  for (const auto& each : clusters) {
    if (!names.insert(each.name).second) return fmt::format("there are two clusters \"{}\"", each.name);
    for (const auto& tenant : each.tenants) {
      if (!tenants.insert(tenant).second)
        return fmt::format("cluster \"{}\": tenant \"{}\" has a cluster already", each.name, tenant);
    }
  }
  return {};
}

json to_json(const backend_settings& each) {
  if (each.weight == 1) return each.address.text();
  return {{"address", each.address.text()}, {"weight", each.weight}};
}

json to_json(const cluster_settings& each) {
  json made{{"name", each.name}, {"backends", json::array()}};
  for (const auto& server : each.backends) made["backends"].push_back(to_json(server));
  made["order"] = to_text(each.order);
  if (!each.tenants.empty()) made["tenants"] = each.tenants;
  made["credentials"] = to_text(each.credentials);
  if (!each.users_file.empty()) made["users_file"] = each.users_file;
  if (!each.control_user.empty()) made["control_user"] = each.control_user;
  if (!each.control_password_file.empty()) made["control_password_file"] = each.control_password_file;
  return made;
}

}  // namespace

std::string_view to_text(backend_order order) {
  return backend_orders[static_cast<std::size_t>(order)];
}

std::string_view to_text(credentials_mode mode) {
  return credentials_modes[static_cast<std::size_t>(mode)];
}

std::variant<std::vector<cluster_settings>, std::string> parse_clusters(std::string_view text) {
  std::vector<cluster_settings> clusters;
  if (text.empty()) return clusters;
  const auto read = json::parse(text, nullptr, false);
  if (!read.is_array() || read.empty()) return "must be a JSON list of clusters";
  if (read.size() > clusters_max) return fmt::format("must be at most {} clusters", clusters_max);
  for (const auto& each : read) {
    auto made = parse_cluster(each);
    if (const auto* wrong = std::get_if<std::string>(&made))
      return fmt::format("cluster {}: {}", clusters.size() + 1, *wrong);
    clusters.push_back(std::get<cluster_settings>(std::move(made)));
  }
  if (auto twice = find_twice(clusters); !twice.empty()) return twice;
  return clusters;
}

std::string to_text(const std::vector<cluster_settings>& clusters) {
  if (clusters.empty()) return {};
  auto list = json::array();
  for (const auto& each : clusters) list.push_back(to_json(each));
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sessiongate::proxy
