#include "admin/principal.hpp"

#include <utility>

namespace sessiongate::admin {

namespace {

std::string login_name(const principal& who) {
  auto name = who.user;
  if (!who.tenant.empty()) name += '@' + who.tenant;
  if (!who.cluster.empty()) name += '#' + who.cluster;
  return name;
}

}  // namespace

std::string_view to_text(token_role role) {
  switch (role) {
    case token_role::viewer:
      return "viewer";
    case token_role::operators:
      return "operator";
    case token_role::admin:
      break;
  }
  return "admin";
}

std::string_view to_text(command_face face) {
  switch (face) {
    case command_face::sql:
      return "sql";
    case command_face::http:
      return "http";
    case command_face::ctl:
      return "ctl";
    case command_face::guard:
      return "guard";
    case command_face::disconnect:
      return "disconnect";
    case command_face::drain:
      break;
  }
  return "drain";
}

principal proxy_itself(command_face face, std::string what) {
  principal who;
  who.kind = principal_kind::proxy;
  who.user = std::move(what);
  who.face = face;
  return who;
}

std::string to_text(const principal& who) {
  if (who.kind == principal_kind::proxy) {
    return "sessiongate (" + std::string(to_text(who.face)) + (who.user.empty() ? "" : ' ' + who.user) + ')';
  }
  if (who.kind == principal_kind::token) return "token " + who.token;
  const auto name = who.kind == principal_kind::proxysys ? std::string("root@proxysys") : login_name(who);
  return name + " (cs_id " + std::to_string(who.cs_id) + ')';
}

}  // namespace sessiongate::admin
