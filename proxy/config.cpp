#include "proxy/config.hpp"

#include "proxy/credential_settings.hpp"
#include "proxy/settings.hpp"
#include "proxy/tls_context.hpp"
#include "proxy/token_file.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace sessiongate::proxy {

namespace {

struct located_text {
  std::string text;
  std::string place;  // for error messages
};

using found_settings = std::map<std::string_view, located_text>;

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  if (std::ranges::any_of(value, &nlohmann::json::is_object)) return value.dump();
  std::string joined;
  for (const auto& each : value) joined += (joined.empty() ? "" : ",") + text_of(each);
  return joined;
}

std::ptrdiff_t line_of(std::string_view content, std::size_t byte) {
  return 1 + std::ranges::count(content.substr(0, std::max<std::size_t>(byte, 1) - 1), '\n');
}

/// Reads the file's settings; keys that no setting has are errors, for they are mostly misspelt.
void read_settings_file(const std::string& path, found_settings& found, std::vector<std::string>& errors) {
  const auto content = read_file(path);
  if (!content) {
    errors.push_back(fmt::format("--config: cannot read {}", path));
    return;
  }
  constexpr bool allow_exceptions = true;
  constexpr bool ignore_comments = true;
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(*content, nullptr, allow_exceptions, ignore_comments);
  } catch (const nlohmann::json::parse_error& wrong) {
    errors.push_back(fmt::format("{}: line {}: is not JSON", path, line_of(*content, wrong.byte)));
    return;
  }
  if (!document.is_object()) {
    errors.push_back(fmt::format("{}: is not a JSON object", path));
    return;
  }
  for (const auto& [key, value] : document.items()) {
    const auto known =
        std::ranges::find_if(settings(), [&](const setting& each) { return file_key(each.name) == key; });
    const bool plain = value.is_string() || value.is_number_integer() || value.is_array();
    if (known == settings().end())
      errors.push_back(fmt::format("{}: unknown setting \"{}\"", path, key));
    else if (!plain)
      errors.push_back(fmt::format("{}: \"{}\" must be a string, a number or a list", path, key));
    else
      found[known->name] = {text_of(value), fmt::format("{}: \"{}\"", path, key)};
  }
}

void read_environment(const environment& env, found_settings& found) {
  for (const auto& each : settings()) {
    const auto name = environment_name(each.name);
    if (const char* value = env(name.c_str())) found[each.name] = {value, name};
  }
}

/// A secret is the file's content without the line end that editors add, or comes from the environment.
std::optional<secret_text> read_secret(const std::string& path, const char* variable, std::string_view flag,
                                       const environment& env, std::vector<std::string>& errors) {
  if (path.empty()) {
    const char* value = env(variable);
    return value ? std::optional<secret_text>(value) : std::nullopt;
  }
  const auto content = read_secret_file(path);
  if (!content) {
    errors.push_back(fmt::format("--{}: cannot read {}", flag, path));
    return std::nullopt;
  }
  secret_text secret(without_line_end(*content));
  if (secret.empty()) {
    errors.push_back(fmt::format("--{}: {} is empty", flag, path));
    return std::nullopt;
  }
  return secret;
}

void read_secrets(config& target, const environment& env, std::vector<std::string>& errors) {
  target.admin_token = read_secret(target.admin_token_file, secret_variables[0], "admin-token-file", env, errors)
                           .value_or(secret_text());
  target.proxysys_password =
      read_secret(target.proxysys_password_file, secret_variables[1], "proxysys-password-file", env, errors);
  if (target.proxysys_password && target.proxysys_password->empty()) target.proxysys_password.reset();
  target.control_password =
      read_secret(target.control_password_file, secret_variables[2], "control-password-file", env, errors)
          .value_or(secret_text());
  read_tokens(target, errors);
}

cluster_settings make_only_cluster(const config& settings) {
  cluster_settings only{.name = settings.cluster,
                        .backends = {},
                        .order = settings.order,
                        .tenants = {},
                        .credentials = settings.credentials,
                        .users_file = settings.users_file,
                        .control_user = settings.control_user,
                        .control_password_file = settings.control_password_file,
                        .control_password = settings.control_password};
  for (const auto& each : settings.backends) only.backends.push_back({.address = each});
  return only;
}

/// Those that name no control account have the one of the settings.
void read_control_secrets(config& target, const environment& env, std::vector<std::string>& errors) {
  for (auto& each : target.clusters) {
    if (each.control_user.empty() && each.control_password_file.empty()) {
      each.control_user = target.control_user;
      each.control_password_file = target.control_password_file;
      each.control_password = target.control_password;
      continue;
    }
    const auto place = fmt::format("clusters: cluster \"{}\": control_password_file", each.name);
    if (each.control_user.empty()) errors.push_back(fmt::format("--{}: needs control_user", place));
    each.control_password =
        read_secret(each.control_password_file, secret_variables[2], place, env, errors).value_or(secret_text());
  }
}

/// `clusters` as it is, or made of the settings for one.
void settle_clusters(config& target, const environment& env, std::vector<std::string>& errors) {
  if (target.clusters.empty() && target.backends.empty()) {
    errors.emplace_back("--backend: required, for example --backend 127.0.0.1:3306");
  } else if (target.clusters.empty()) {
    target.clusters.push_back(make_only_cluster(target));
  } else {
    read_control_secrets(target, env, errors);
    const bool both = !target.backends.empty() || !target.cluster.empty() || !target.users_file.empty() ||
                      target.credentials != credentials_mode::none || target.order != backend_order::failover;
    if (both)
      errors.emplace_back(
          "--clusters: not together with --backend, --backend-order, --cluster, --credentials and --users-file");
  }
  const auto& name = target.default_cluster;
  const bool found = std::ranges::find(target.clusters, name, &cluster_settings::name) != target.clusters.end();
  if (!name.empty() && !found) errors.push_back(fmt::format("--default-cluster: there is no cluster \"{}\"", name));
}

void check_together(const config& settings, std::vector<std::string>& errors) {
  if (settings.control_user.empty() && !settings.control_password_file.empty()) {
    errors.emplace_back("--control-password-file: needs --control-user");
  }
}

void check_compression(const config& settings, std::vector<std::string>& errors) {
  constexpr std::size_t zlib_level_max = 9;
  if (settings.backend_compression == protocol::compression::zlib &&
      settings.backend_compression_level > zlib_level_max)
    errors.emplace_back("--backend-compression-level: zlib has levels up to 9");
}

void check_tls(const config& settings, std::vector<std::string>& errors) {
  const bool client_side = client_tls_mode(settings) != tls_mode::disabled;
  if (client_side && settings.client_tls_cert.empty())
    errors.emplace_back("--client-tls: needs --client-tls-cert (auto makes one at start)");
  if (!client_side && !settings.client_tls && !settings.client_tls_ca.empty())
    errors.emplace_back("--client-tls-ca: needs --client-tls-cert");
  if (!errors.empty()) return;
  try {
    const tls_context tried(settings);
  } catch (const std::runtime_error& wrong) {
    errors.emplace_back(wrong.what());
  }
}

std::string print(const config& source) {
  nlohmann::ordered_json document;
  for (const auto& each : settings()) document[file_key(each.name)] = each.show(source);
  const auto masked = [](bool set) { return set ? "********" : ""; };
  document["secrets"] = {{"admin_token", masked(!source.admin_token.empty())},
                         {"proxysys_password", masked(source.proxysys_password.has_value())},
                         {"control_password", masked(!source.control_password.empty())}};
  // A value may be no UTF-8: what is not is replaced, for dump() would throw.
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

invocation leave(int code, std::string output) {
  return {.next = invocation::action::exit, .exit_code = code, .output = std::move(output), .settings = {}};
}

std::string report(const std::vector<std::string>& errors) {
  std::string text;
  for (const auto& each : errors) text += fmt::format("sessiongate: {}\n", each);
  return text + "sessiongate: see --help\n";
}

}  // namespace

tls_mode client_tls_mode(const config& settings) {
  return settings.client_tls.value_or(settings.client_tls_cert.empty() ? tls_mode::disabled : tls_mode::preferred);
}

invocation read_configuration(int argc, const char* const* argv, const environment& env) {
  CLI::App app("sessiongate: a MySQL-protocol proxy that puts session control first", "sessiongate");
  app.set_version_flag("--version", "sessiongate " SESSIONGATE_VERSION);
  bool check = false;
  bool print_config = false;
  std::string file;
  app.add_flag("--check", check, "check the configuration and exit");
  app.add_flag("--print-config", print_config, "print the settings in force, secrets masked, and exit");
  app.add_option("--config", file, "JSON file with settings, comments allowed [SESSIONGATE_CONFIG]");
  std::map<std::string_view, std::string> flags;
  const config defaults;
  for (const auto& each : settings()) {
    const auto shown = each.show(defaults);
    app.add_option(fmt::format("--{}", each.name), flags[each.name],
                   fmt::format("{}{} [{}]", each.help, shown.empty() ? "" : fmt::format(" (default {})", shown),
                               environment_name(each.name)));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    std::ostringstream out;
    app.exit(wanted, out, out);
    return leave(0, out.str());
  } catch (const CLI::Error& wrong) {
    return leave(2, fmt::format("sessiongate: {}\nsessiongate: see --help\n", wrong.what()));
  }

  std::vector<std::string> errors;
  found_settings found;
  if (const char* from_env = env("SESSIONGATE_CONFIG"); file.empty() && from_env) file = from_env;
  if (!file.empty()) read_settings_file(file, found, errors);
  read_environment(env, found);
  for (const auto& each : settings()) {
    const auto flag = fmt::format("--{}", each.name);
    if (app.count(flag) > 0) found[each.name] = {flags[each.name], flag};
  }

  config settings_read;
  settings_read.config_file = file;
  for (const auto& each : settings()) {
    const auto at = found.find(each.name);
    if (at == found.end()) continue;
    const auto wrong = each.assign(settings_read, at->second.text);
    if (!wrong.empty()) errors.push_back(fmt::format("{}: {} (given: {})", at->second.place, wrong, at->second.text));
  }
  read_secrets(settings_read, env, errors);
  settle_clusters(settings_read, env, errors);
  settle_credentials(settings_read, env, errors);
  check_together(settings_read, errors);
  check_compression(settings_read, errors);
  check_tls(settings_read, errors);
  if (!errors.empty()) return leave(2, report(errors));
  if (print_config) return leave(0, print(settings_read));
  if (check) return leave(0, "sessiongate: the configuration is good\n");
  return {.next = invocation::action::run, .exit_code = 0, .output = {}, .settings = std::move(settings_read)};
}

}  // namespace sessiongate::proxy
