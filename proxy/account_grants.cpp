#include "proxy/account_grants.hpp"

#include "proxy/own_response.hpp"

#include "protocol/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sessiongate::proxy {

namespace {

using protocol::bytes_view;

/// The privileges on *.* that matter here, together with those of the active roles.
struct global_privileges {
  bool process = false;
  bool super = false;
  bool connection_admin = false;
  bool system_user = false;
};

/// Of `Grants for app@10.0.%`.
std::optional<std::string> user_of_heading(bytes_view definition) {
  constexpr int fields_before_name = 4;  // catalog, schema, table, org_table
  protocol::wire_reader in(definition);
  for (int field = 0; field < fields_before_name; ++field) in.read_lenenc_string();
  auto name = in.read_lenenc_string();
  constexpr std::string_view heading = "Grants for ";
  const auto at = name.rfind('@');
  if (!in.ok() || !name.starts_with(heading) || at == std::string_view::npos) return std::nullopt;
  return std::string(name.substr(heading.size(), at - heading.size()));
}

void note(global_privileges& held, std::string_view privilege) {
  const bool all = privilege == "ALL PRIVILEGES";
  held.process |= all || privilege == "PROCESS";
  held.super |= all || privilege == "SUPER";
  held.connection_admin |= privilege == "CONNECTION_ADMIN" || privilege == "CONNECTION ADMIN";
  held.system_user |= all || privilege == "SYSTEM_USER";
}

/// Of `GRANT SELECT, PROCESS ON *.* TO …`. Grants of roles and on schemas, and revocations, are not these.
void note_grant(global_privileges& held, std::string_view grant) {
  constexpr std::string_view verb = "GRANT ";
  const auto on = grant.find(" ON *.* TO ");
  if (!grant.starts_with(verb) || on == std::string_view::npos) return;
  auto list = grant.substr(verb.size(), on - verb.size());
  // Names are quoted: a list with quotes is not one of privileges, whatever it says.
  if (list.find_first_of("`'\"(") != std::string_view::npos) return;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    note(held, list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (list.starts_with(' ')) list.remove_prefix(1);
  }
}

/// From 8.0.16 on MySQL lets only accounts with SYSTEM_USER end the threads of accounts that have it.
bool has_system_users(std::string_view version) {
  if (version.find("MariaDB") != std::string_view::npos) return false;
  std::array<unsigned, 3> parts{};
  for (auto& part : parts) {
    const auto [end, ec] = std::from_chars(version.data(), version.data() + version.size(), part);
    if (ec != std::errc()) break;
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (version.starts_with('.')) version.remove_prefix(1);
  }
  return parts >= std::array<unsigned, 3>{8, 0, 16};
}

}  // namespace

std::optional<account_grants> read_grants(bytes_view response, std::string_view server_version) {
  const auto count = take_packet(response);
  if (count.empty() || count.front() != 1) return std::nullopt;
  auto user = user_of_heading(take_packet(response));
  if (!user) return std::nullopt;
  global_privileges held;
  bool rows_begun = false;
  for (auto packet = take_packet(response); !packet.empty(); packet = take_packet(response)) {
    if (packet.front() >= last_packet_header) {
      if (rows_begun) break;
      continue;  // the end of the definitions, for clients that get one
    }
    rows_begun = true;
    protocol::wire_reader row(packet);
    const auto grant = row.read_lenenc_string();
    if (row.ok()) note_grant(held, grant);
  }
  const bool ends_threads = held.super || held.connection_admin;
  const bool ends_all = !has_system_users(server_version) || held.system_user;
  return account_grants{std::move(*user), {.sees_others = held.process, .kills_others = ends_threads && ends_all}};
}

}  // namespace sessiongate::proxy
