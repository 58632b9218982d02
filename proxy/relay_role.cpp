// The relay finds out which role a session keeps where it forgets everything else: MariaDB's COM_RESET_CONNECTION
// leaves the role as it is, its COM_CHANGE_USER too, even for another account, unless that one has a default role.
#include "proxy/relay.hpp"

#include "proxy/own_response.hpp"
#include "proxy/snapshot_questions.hpp"

namespace sessiongate::proxy {

namespace {

bool has_roles(const server_version& server) {
  constexpr std::uint32_t mariadb_since = 100'005;
  constexpr std::uint32_t mysql_since = 80'000;
  return server.number >= (server.is_mariadb ? mariadb_since : mysql_since);
}

}  // namespace

/// Before a COM_RESET_CONNECTION of a session that may have set one.
task<> relay::ask_role() {
  if (!co_await wait_until([this] { return quiet(); })) co_return;
  role_asked_ = true;
  replacing_->watch.note_role(co_await has_role());
}

/// Whether the session may have another role behind a COM_CHANGE_USER than a login as `user` gives.
task<bool> relay::keeps_role(std::string user) {
  const auto& watch = replacing_->watch;
  if (!server_version::parse(connection_.server_version()).is_mariadb) co_return false;
  if (user == watch.login().user && !watch.may_have_set_role()) co_return false;
  co_return co_await has_role();
}

/// True where that is not known.
task<bool> relay::has_role() {
  if (!has_roles(server_version::parse(connection_.server_version()))) co_return false;
  const auto told = co_await asio_call(connection_.home().executor(), ask("SELECT CURRENT_ROLE()"));
  co_await wait_until([this] { return quiet(); });  // an answer that is late would be taken for the next command's
  const auto rows = read_rows(told.packets);
  co_return rows.empty() || (!rows.front().front().empty() && rows.front().front() != "NONE");
}

}  // namespace sessiongate::proxy
