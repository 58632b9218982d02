#include "admin/principal.hpp"

namespace sessiongate::admin {

namespace {

std::string login_name(const principal& who) {
  auto name = who.user;
  if (!who.tenant.empty()) name += '@' + who.tenant;
  if (!who.cluster.empty()) name += '#' + who.cluster;
  return name;
}

}  // namespace

std::string to_text(const principal& who) {
  if (who.kind == principal_kind::token) return "http token";
  const auto name = who.kind == principal_kind::proxysys ? std::string("root@proxysys") : login_name(who);
  return name + " (cs_id " + std::to_string(who.cs_id) + ')';
}

}  // namespace sessiongate::admin
