#include "proxy/server_opening.hpp"

#include "proxy/backend_tls.hpp"
#include "proxy/compression_choice.hpp"
#include "proxy/dial.hpp"
#include "proxy/login.hpp"
#include "proxy/proxy_protocol.hpp"
#include "proxy/session_events.hpp"

#include <string>
#include <utility>

namespace sessiongate::proxy {

using session::stop_reason;

namespace {

/// The next backend may do.
login_failure unreached(protocol::server_error error) {
  login_failure failure{stop_reason::backend_unreachable, std::move(error), {}, {}};
  failure.elsewhere = true;
  return failure;
}

/// A PROXY header tells the backend the client's address, and that is what it shows of the connection.
bool names_client(client_connection& connection) {
  return connection.shared().settings.proxy_to_backend != backend_proxy_protocol::off &&
         !connection.session::client_session::client().is_local() &&
         !admin::to_endpoint(connection.client().local_address()).is_local();
}

protocol::bytes preamble(client_connection& connection) {
  const auto form = connection.shared().settings.proxy_to_backend;
  if (form == backend_proxy_protocol::off) return {};
  const auto client = connection.session::client_session::client();
  const auto accepted_at = admin::to_endpoint(connection.client().local_address());
  return backend_preamble(form, &client, &accepted_at);
}

}  // namespace

protocol::server_error lost_in_login() {
  return {protocol::er::lost_connection, "HY000", "Lost connection to MySQL server at 'reading authorization packet'"};
}

server_opening::server_opening(client_connection& connection, protocol::handshake_response login, backend_ptr target,
                               std::chrono::milliseconds time)
    : connection_(connection),
      target_(std::move(target)),
      time_(time),
      login_(std::move(login)),
      stream_(connection.make_backend()),
      channel_(stream_, connection.home().buffer(), connection.shared().settings.login_packet_max) {}

awaitable<std::optional<login_failure>> server_opening::open() {
  if (auto failed = co_await reach()) co_return failed;
  if (clashed_) co_return unreached({protocol::er::cannot_connect, "HY000", "its connection_id is another session's"});
  prepare();
  if (auto failed = co_await secure()) co_return failed;
  protocol::bytes payload;
  protocol::write_handshake_response(payload, sent_);
  if (co_await channel_.write(payload)) co_return login_failure{stop_reason::backend_gone, lost_in_login(), {}, {}};
  co_return std::nullopt;
}

awaitable<std::optional<login_failure>> server_opening::reach() {
  connection_.acting().wait_for(session::wait_kind::backend_connect);
  auto& shared = connection_.shared();
  const auto& owner = connection_.cluster();
  const deadline limit(connection_.home(), time_, [this] { stream_.close(); });
  auto& counted = target_->counted();
  const auto begun = session::now_ticks();
  auto reached = co_await dial(stream_, channel_, *target_, preamble(connection_));
  if (!reached.hello) {
    counted.count_failure();
    note_login_failure(connection_, *target_, reached.error);
    co_return unreached(std::move(reached.error));
  }
  counted.count_connection();
  note_reached(shared, owner, *target_);
  counted.count_connect(session::now_ticks() - begun);
  hello_ = std::move(*reached.hello);
  shared.clusters.learn(*target_, hello_);
  // The client was offered what the greeting before this one said.
  login_.flags &= ~protocol::transport_capabilities;
  const auto missing = login_.flags & ~hello_.flags & ~protocol::client_mysql;
  if ((missing & ~(protocol::client_plugin_auth | protocol::client_secure_connection)) != 0) {
    co_return login_failure{stop_reason::login_failed,
                            protocol::server_error{protocol::er::handshake_error, "08S01",
                                                   "Bad handshake: the server has changed, log in again"},
                            {},
                            {}};
  }
  if (names_client(connection_)) reached.origin.port_seen = connection_.session::client_session::client().port;
  clashed_ = !connection_.bind_backend(target_, std::move(reached.origin));
  co_return std::nullopt;
}

void server_opening::prepare() {
  sent_ = login_;
  auto& login = sent_;
  login.flags |= protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  // Servers without session tracking misread the attributes of a COM_CHANGE_USER: to them only the client's own are
  // sent.
  if (protocol::has(hello_.flags, protocol::client_session_track)) {
    login.flags |= hello_.flags & protocol::client_connect_attrs;
  }
  if (connection_.shared().settings.tracking != session_tracking::off)
    login.flags |= hello_.flags & protocol::client_session_track;
  ask_for_compression(login, hello_.flags, connection_.shared().settings);
  login.auth_plugin = unknown_plugin;
  login.auth_response.clear();
  login.attributes.emplace_back("sessiongate_cs_id", std::to_string(connection_.cs_id()));
  login.attributes.emplace_back("sessiongate_client", connection_.session::client_session::client().text());
}

awaitable<std::optional<login_failure>> server_opening::secure() {
  auto& shared = connection_.shared();
  const deadline limit(connection_.home(), time_, [this] { stream_.close(); });
  auto error = co_await secure_backend(stream_, channel_, *target_->name(), hello_, sent_, shared.settings, shared.tls);
  if (error) co_return unreached(std::move(*error));
  co_return std::nullopt;
}

}  // namespace sessiongate::proxy
