#include "admin/authorize.hpp"

#include <algorithm>
#include <array>

namespace sessiongate::admin {

namespace {

using enum reach;

struct rule {
  command_kind kind;
  std::array<reach, standing_count> cells;
};

// clang-format off
constexpr std::array<rule, command_kind_count> rules{{
  //                                     account  PROCESS   kill  operator  proxysys  viewer  operator  admin
  {command_kind::ask_proxy,            {{   all,     all,    all,      all,      all,    all,      all,   all}}},
  {command_kind::list_sessions,        {{   own,  tenant,    own,      all,      all,    all,      all,   all}}},
  {command_kind::read_session,         {{   own,  tenant,    own,      all,      all,    all,      all,   all}}},
  {command_kind::kill_session,         {{   own,     own, tenant,      all,      all,   none,      all,   all}}},
  {command_kind::kill_server_session,  {{   own,     own, tenant,      all,      all,   none,      all,   all}}},
  {command_kind::kill_query,           {{   own,     own, tenant,      all,      all,   none,      all,   all}}},
  {command_kind::read_proxy,           {{  none,    none,   none,      all,      all,    all,      all,   all}}},
  {command_kind::drain,                {{  none,    none,   none,      all,      all,   none,      all,   all}}},
  {command_kind::change_proxy,         {{  none,    none,   none,     none,      all,   none,     none,   all}}},
}};
// clang-format on

constexpr bool is_in_order() {
  std::uint8_t at = 0;
  return std::ranges::all_of(rules, [&](const rule& each) { return each.kind == static_cast<command_kind>(at++); });
}
static_assert(is_in_order(), "each kind of command has its row, in the order of command_kind");

standing column_of(token_role role) {
  switch (role) {
    case token_role::viewer:
      return standing::token_viewer;
    case token_role::operators:
      return standing::token_operator;
    case token_role::admin:
      break;
  }
  return standing::token_admin;
}

/// The least reach that the target is in. An account's own session is its own whatever its name is by now.
reach distance(const principal& who, const session::client_session& target) {
  if (who.cs_id != 0 && who.cs_id == target.cs_id()) return own;
  const auto owner = target.who();
  // A backend account is never root@proxysys: that login is the proxy's own, whatever tenant others write.
  const bool is_proxysys = owner->user == "root" && owner->tenant == "proxysys";
  if (is_proxysys || owner->tenant != who.tenant || owner->cluster != who.cluster) return all;
  // Before its login a session has no user: an account with the name that it claims does not own it.
  const bool logged_in = target.state() != session::client_session_state::init;
  return logged_in && owner->user == who.user ? own : tenant;
}

bool is_out_of_cluster(const principal& who, const std::string& cluster) {
  return who.own_cluster_only && who.cluster != cluster;
}

}  // namespace

std::string_view to_text(standing column) {
  switch (column) {
    case standing::account:
      return "account";
    case standing::account_process:
      return "with PROCESS";
    case standing::account_kill:
      return "with SUPER or CONNECTION ADMIN";
    case standing::operators:
      return "operator";
    case standing::proxysys:
      return "root@proxysys";
    case standing::token_viewer:
      return "viewer token";
    case standing::token_operator:
      return "operator token";
    case standing::token_admin:
      break;
  }
  return "admin token";
}

std::string_view to_text(reach how_far) {
  switch (how_far) {
    case none:
      return "no";
    case own:
      return "own";
    case tenant:
      return "tenant";
    case all:
      break;
  }
  return "all";
}

reach reach_of(standing column, command_kind kind) {
  return rules[static_cast<std::size_t>(kind)].cells[static_cast<std::size_t>(column)];
}

reach reach_of(const principal& who, command_kind kind) {
  switch (who.kind) {
    case principal_kind::proxysys:
      return reach_of(standing::proxysys, kind);
    case principal_kind::operators:
      return reach_of(standing::operators, kind);
    case principal_kind::token:
      return reach_of(column_of(who.role), kind);
    case principal_kind::proxy:
      return all;  // what it does by itself was decided by its settings
    case principal_kind::account:
      break;
  }
  auto furthest = reach_of(standing::account, kind);
  if (who.rights.sees_others) furthest = std::max(furthest, reach_of(standing::account_process, kind));
  if (who.rights.kills_others) furthest = std::max(furthest, reach_of(standing::account_kill, kind));
  return furthest;
}

bool may(const principal& who, command_kind kind) {
  return reach_of(who, kind) != none;
}

verdict may(const principal& who, command_kind kind, const session::client_session& target) {
  const auto allowed_reach = reach_of(who, kind);
  if (allowed_reach == none) return verdict::forbidden;
  const auto needed = distance(who, target);
  if (needed == all && is_out_of_cluster(who, target.who()->cluster)) return verdict::hidden;
  if (needed <= allowed_reach) return verdict::allowed;
  return needed == tenant ? verdict::not_owner : verdict::hidden;
}

bool may_see_ended(const principal& who, const session::identity* owner) {
  const auto how_far = reach_of(who, command_kind::list_sessions);
  if (how_far == all) return !who.own_cluster_only || (owner != nullptr && !is_out_of_cluster(who, owner->cluster));
  const bool is_proxysys = owner != nullptr && owner->user == "root" && owner->tenant == "proxysys";
  if (owner == nullptr || how_far == none || is_proxysys) return false;
  const bool same_tenant = owner->tenant == who.tenant && owner->cluster == who.cluster;
  return same_tenant && (how_far == tenant || owner->user == who.user);
}

}  // namespace sessiongate::admin
