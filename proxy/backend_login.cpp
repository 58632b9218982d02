#include "proxy/backend_login.hpp"

#include "proxy/backend_tls.hpp"
#include "proxy/dial.hpp"
#include "proxy/error_reply.hpp"
#include "proxy/login.hpp"
#include "proxy/password.hpp"
#include "proxy/proxy_protocol.hpp"
#include "proxy/state_tracking.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/command.hpp"
#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace {

using protocol::capabilities;
using session::stop_reason;
using pass_result = std::variant<login_failure, backend_login>;

constexpr int dial_attempts =
    3;  // a connection_id that equals a live cs_id is dialled again; twice in a row is a wonder
constexpr int probe_packets_max = 8;

login_failure failed(protocol::server_error error, stop_reason reason) {
  return {reason, std::move(error), {}, {}};
}

/// One session's login on the backend.
class pass_through {
 public:
  pass_through(client_connection& connection, packet_channel& client, protocol::handshake_response response)
      : connection_(connection),
        client_(client),
        response_(std::move(response)),
        stream_(connection.make_backend()),
        backend_(stream_, connection.home().buffer(), connection.shared().settings.login_packet_max) {}

  /// The connection_id clashed with a live cs_id: try with another connection.
  [[nodiscard]] bool clashed() const { return clashed_; }
  awaitable<pass_result> run();

 private:
  awaitable<std::optional<login_failure>> reach();
  void prepare_response();
  awaitable<std::optional<login_failure>> secure();
  awaitable<error_code> send_response();
  awaitable<pass_result> carry();
  awaitable<std::optional<login_failure>> carry_answer(const protocol::bytes& request);
  awaitable<pass_result> finish(const protocol::bytes& payload);
  awaitable<void> leave();
  [[nodiscard]] protocol::bytes preamble() const;
  [[nodiscard]] bool expects_answer(protocol::bytes_view request) const;
  [[nodiscard]] bool would_expose_password(protocol::bytes_view request) const;
  login_failure backend_lost() const;

  client_connection& connection_;
  packet_channel& client_;
  protocol::handshake_response response_;
  protocol::handshake_response to_backend_;
  stream& stream_;
  packet_channel backend_;
  protocol::greeting hello_;
  capabilities negotiated_ = 0;
  std::string plugin_;  // the one that the backend switched to
  bool clashed_ = false;
};

login_failure pass_through::backend_lost() const {
  return failed(
      {protocol::er::lost_connection, "HY000", "Lost connection to MySQL server at 'reading authorization packet'"},
      stop_reason::backend_gone);
}

protocol::bytes pass_through::preamble() const {
  const auto form = connection_.shared().settings.proxy_to_backend;
  if (form == backend_proxy_protocol::off) return {};
  const auto client = connection_.session::client_session::client();
  const auto accepted_at = admin::to_endpoint(connection_.client().local_address());
  return backend_preamble(form, &client, &accepted_at);
}

awaitable<std::optional<login_failure>> pass_through::reach() {
  connection_.acting().wait_for(session::wait_kind::backend_connect);
  auto& shared = connection_.shared();
  const deadline limit(connection_.home(), shared.current.load()->connect_timeout, [this] { stream_.close(); });
  auto reached = co_await dial(stream_, backend_, shared.server, preamble());
  if (!reached.hello) co_return failed(std::move(reached.error), stop_reason::backend_unreachable);
  hello_ = std::move(*reached.hello);
  shared.server.learn(hello_);
  // The client was offered what the greeting before this one said.
  response_.flags &= ~protocol::transport_capabilities;
  const auto missing = response_.flags & ~hello_.flags & ~protocol::client_mysql;
  if ((missing & ~(protocol::client_plugin_auth | protocol::client_secure_connection)) != 0) {
    co_return failed({protocol::er::handshake_error, "08S01", "Bad handshake: the server has changed, log in again"},
                     stop_reason::login_failed);
  }
  clashed_ = !connection_.bind_backend(hello_.thread_id);
  co_return std::nullopt;
}

void pass_through::prepare_response() {
  to_backend_ = response_;
  auto& response = to_backend_;
  response.flags |= protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.flags |= hello_.flags & protocol::client_connect_attrs;
  if (connection_.shared().settings.tracking != session_tracking::off)
    response.flags |= hello_.flags & protocol::client_session_track;
  response.auth_plugin = unknown_plugin;
  response.auth_response.clear();
  response.attributes.emplace_back("sessiongate_cs_id", std::to_string(connection_.cs_id()));
  response.attributes.emplace_back("sessiongate_client", connection_.session::client_session::client().text());
}

awaitable<std::optional<login_failure>> pass_through::secure() {
  auto& shared = connection_.shared();
  const deadline limit(connection_.home(), shared.settings.connect_timeout, [this] { stream_.close(); });
  auto error = co_await secure_backend(stream_, backend_, hello_, to_backend_, shared.settings, shared.tls);
  if (error) co_return failed(std::move(*error), stop_reason::backend_unreachable);
  co_return std::nullopt;
}

awaitable<error_code> pass_through::send_response() {
  negotiated_ = to_backend_.flags;
  protocol::bytes payload;
  protocol::write_handshake_response(payload, to_backend_);
  co_return co_await backend_.write(payload);
}

/// All authentication methods take turns, with one exception: caching_sha2_password tells that its fast path succeeded
/// and sends the OK behind it.
/// A client that has TLS answers these with its password as it is, and here the way on has none.
bool pass_through::would_expose_password(protocol::bytes_view request) const {
  const bool clear = !stream_.is_encrypted() && !connection_.shared().server.name()->is_unix();
  if (!clear || !connection_.client().is_encrypted()) return false;
  if (request.front() == protocol::auth_switch_header) {
    return plugin_ == "sha256_password" || plugin_ == "mysql_clear_password";
  }
  constexpr std::uint8_t perform_full_authentication = 0x04;
  return plugin_ == caching_sha2_plugin && request.size() == 2 && request[0] == protocol::auth_more_data_header &&
         request[1] == perform_full_authentication;
}

bool pass_through::expects_answer(protocol::bytes_view request) const {
  constexpr std::uint8_t fast_authentication_succeeded = 0x03;
  return !(plugin_ == caching_sha2_plugin && request.size() == 2 && request[0] == protocol::auth_more_data_header &&
           request[1] == fast_authentication_succeeded);
}

/// The backend waits for an authentication packet that will not come. An empty one makes it refuse the login in the
/// ordinary way; just closing would count against the proxy's host there (max_connect_errors).
awaitable<void> pass_through::leave() {
  const deadline limit(connection_.home(), connection_.shared().current.load()->connect_timeout,
                       [this] { stream_.close(); });
  if (!co_await backend_.write({})) co_await backend_.read();
}

awaitable<std::optional<login_failure>> pass_through::carry_answer(const protocol::bytes& request) {
  if (const auto ec = co_await client_.write(request)) co_return login_failure{stop_reason::client_gone, {}, ec, {}};
  if (!expects_answer(request)) co_return std::nullopt;
  connection_.set_authenticating(true);
  connection_.acting().wait_for(session::wait_kind::client_read);
  const auto answer = co_await client_.read();
  if (answer.ec) co_await leave();
  connection_.set_authenticating(false);
  if (answer.ec) co_return login_failure{stop_reason::client_gone, {}, answer.ec, {}};
  if (co_await backend_.write(answer.payload)) co_return backend_lost();
  co_return std::nullopt;
}

awaitable<pass_result> pass_through::finish(const protocol::bytes& payload) {
  const auto ok = protocol::parse_ok_packet(payload, negotiated_);
  if (!ok) co_return backend_lost();
  auto told = *ok;
  if (!protocol::has(response_.flags, protocol::client_session_track)) {
    told.state_info = {};
    told.status &= static_cast<protocol::status_flags>(~protocol::status_session_state_changed);
  }
  auto place = connection_.shared().entrance.users.enter(response_.user);
  if (!place) co_return failed(too_many_user_connections(response_.user), stop_reason::too_many_user_connections);
  connection_.hold_user_place(std::move(*place));
  // Before the client knows: it may be killed, by its own account, as soon as it has read the OK.
  connection_.logged_in(*connection_.who(), response_.database);
  connection_.tracking().begin_with(read_login_state(ok->state_info));
  connection_.bound()->bring_to(connection_.tracked().versions());
  connection_.publish_in_transaction((ok->status & protocol::status_in_transaction) != 0);
  protocol::bytes out;
  protocol::write_ok_packet(out, told, response_.flags);
  if (const auto ec = co_await client_.write(out)) co_return login_failure{stop_reason::client_gone, {}, ec, {}};
  co_return backend_login{negotiated_, ok->status};
}

awaitable<pass_result> pass_through::carry() {
  for (;;) {
    connection_.acting().wait_for(session::wait_kind::authentication);
    const auto packet = co_await backend_.read();
    if (packet.ec || packet.payload.empty()) co_return backend_lost();
    if (packet.payload.front() == protocol::ok_header) co_return co_await finish(packet.payload);
    if (protocol::is_err_packet(packet.payload)) {
      const auto refusal = protocol::parse_err_packet(packet.payload);
      co_await client_.write(packet.payload);
      co_return login_failure{stop_reason::login_failed,
                              {},
                              {},
                              refusal ? fmt::format("{}: {}", refusal->code, refusal->message) : "malformed error"};
    }
    if (packet.payload.front() == protocol::auth_switch_header) {
      if (const auto wanted = protocol::parse_auth_switch_request(packet.payload)) plugin_ = wanted->plugin;
    }
    if (would_expose_password(packet.payload)) {
      co_await leave();
      co_return failed(
          {protocol::er::insecure_transport, "HY000",
           "Authentication requires TLS to the backend (--backend-tls): the password would go there in clear"},
          stop_reason::login_failed);
    }
    if (auto broken = co_await carry_answer(packet.payload)) co_return std::move(*broken);
  }
}

awaitable<pass_result> pass_through::run() {
  if (auto unreached = co_await reach()) co_return std::move(*unreached);
  if (clashed_) co_return backend_lost();
  prepare_response();
  if (auto insecure = co_await secure()) co_return std::move(*insecure);
  if (co_await send_response()) co_return backend_lost();
  co_return co_await carry();
}

}  // namespace

awaitable<pass_result> pass_login_through(client_connection& connection, packet_channel& client,
                                          protocol::handshake_response response) {
  for (int attempt = 1;; ++attempt) {
    pass_through login(connection, client, response);
    auto result = co_await login.run();
    if (!login.clashed() || attempt == dial_attempts) co_return result;
  }
}

awaitable<std::optional<protocol::server_error>> probe_backend(worker& on, gateway& shared) {
  stream connection(on.poller());
  packet_channel channel(connection, on.buffer(), shared.settings.login_packet_max);
  const deadline limit(on, shared.current.load()->connect_timeout, [&connection] { connection.close(); });
  auto reached = co_await dial(connection, channel, shared.server, backend_preamble(shared.settings.proxy_to_backend));
  if (!reached.hello) co_return std::move(reached.error);
  shared.server.learn(*reached.hello);
  protocol::handshake_response response;
  response.flags = protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.packet_size_max = protocol::packet_payload_max;
  response.collation = reached.hello->collation;
  response.user = "sessiongate_probe";
  response.auth_plugin = native_password_plugin;
  auto insecure = co_await secure_backend(connection, channel, *reached.hello, response, shared.settings, shared.tls);
  if (insecure) co_return std::move(*insecure);
  protocol::bytes payload;
  protocol::write_handshake_response(payload, response);
  auto ec = co_await channel.write(payload);
  for (int count = 0; !ec && count < probe_packets_max; ++count) {
    const auto packet = co_await channel.read();
    if (packet.ec || packet.payload.empty() || protocol::is_err_packet(packet.payload)) break;
    const bool accepted = packet.payload.front() == protocol::ok_header;
    payload.assign(accepted ? 1 : 0, static_cast<std::uint8_t>(protocol::command::quit));
    ec = co_await channel.write(payload);
    if (accepted) break;
  }
  co_return std::nullopt;
}

}  // namespace sessiongate::proxy
