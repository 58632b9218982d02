// Who asks. Made from what was authenticated, never from what was only written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::admin {

enum class principal_kind : std::uint8_t {
  account,    // a backend account: the backend checked its password
  operators,  // a backend account that the configuration names as an operator
  proxysys,   // root@proxysys, the proxy's own account
  token,      // the bearer of an HTTP token
  proxy,      // the proxy itself; `user` says which part of it
};

/// Where somebody gives a command, or what makes the proxy give one itself.
enum class command_face : std::uint8_t {
  sql,
  http,
  ctl,         // over HTTP; the client says that it is ctl
  guard,       // a limit of the configuration
  disconnect,  // a client went away
  drain,       // the proxy stops, or lets sessions end
};
std::string_view to_text(command_face face);

/// What a token is for. Each role may do what the one before it may.
enum class token_role : std::uint8_t { viewer, operators, admin };
std::string_view to_text(token_role role);  // viewer, operator, admin

/// What the backend says that an account may do with others' threads there. Nothing until it was asked.
struct backend_rights {
  bool sees_others = false;   // PROCESS
  bool kills_others = false;  // SUPER or CONNECTION ADMIN
};

struct principal {
  principal_kind kind = principal_kind::account;
  std::string user;    // accounts and operators only
  std::string tenant;  // a label, compared to tell one's own sessions
  std::string cluster;
  std::uint32_t cs_id = 0;               // the session that asks; 0 over HTTP
  backend_rights rights{};               // accounts only
  token_role role = token_role::viewer;  // tokens only
  std::string token{};                   // a token's name
  command_face face = command_face::sql;
  std::string address{};          // where it asks from, as an endpoint is shown; empty: the proxy itself
  bool own_cluster_only = false;  // an operator of one of several clusters: the others are none of its business
};

/// The proxy itself, for what it ends of its own accord; `what` is the name of the guard, for example.
principal proxy_itself(command_face face, std::string what = {});

/// For logs and close reasons: `root@sys#obdemo (cs_id 1073741830)`, `root@proxysys (…)`, `token grafana`,
/// `sessiongate (guard max-session-age)`.
std::string to_text(const principal& who);

}  // namespace sessiongate::admin
