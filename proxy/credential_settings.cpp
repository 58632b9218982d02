#include "proxy/credential_settings.hpp"

#include "proxy/users_file.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

namespace {

/// How errors name a setting of one cluster.
std::string place_of(const cluster_settings& of, std::string_view flag, std::string_view key) {
  return of.name.empty() ? fmt::format("--{}", flag) : fmt::format("cluster \"{}\": {}", of.name, key);
}

void take_variables(config& target, const std::string& users_file, const environment& env) {
  for (const auto& name : variables_named_in(users_file)) {
    if (const char* value = env(name.c_str())) target.user_passwords.insert_or_assign(name, secret_text(value));
  }
}

void try_users_file(config& target, const cluster_settings& of, const environment& env,
                    std::vector<std::string>& errors) {
  const auto place = place_of(of, "users-file", "users_file");
  if (of.users_file.empty()) {
    errors.push_back(fmt::format("{}: credentials users needs one", place));
    return;
  }
  take_variables(target, of.users_file, env);
  std::vector<std::string> wrong;
  read_users(of.users_file, target.user_passwords, wrong);
  for (const auto& each : wrong) errors.push_back(fmt::format("{}: {}", place, each));
}

}  // namespace

void settle_credentials(config& target, const environment& env, std::vector<std::string>& errors) {
  for (const auto& each : target.clusters) {
    if (each.credentials == credentials_mode::users) {
      try_users_file(target, each, env, errors);
    } else if (!each.users_file.empty()) {
      errors.push_back(fmt::format("{}: is for credentials users, and they are {}",
                                   place_of(each, "users-file", "users_file"), to_text(each.credentials)));
    }
    const bool can_learn = !each.control_user.empty() || target.learn_passwords;
    if (each.credentials == credentials_mode::learn && !can_learn) {
      errors.push_back(fmt::format("{}: learn needs a control account, or --learn-passwords on",
                                   place_of(each, "credentials", "credentials")));
    }
  }
}

}  // namespace sessiongate::proxy
