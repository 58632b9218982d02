#include "proxy/backend_login.hpp"

#include "proxy/backend_tls.hpp"
#include "proxy/compression_choice.hpp"
#include "proxy/dial.hpp"
#include "proxy/error_reply.hpp"
#include "proxy/login.hpp"
#include "proxy/password.hpp"
#include "proxy/proxy_protocol.hpp"
#include "proxy/server_opening.hpp"
#include "proxy/session_events.hpp"
#include "proxy/state_tracking.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/command.hpp"
#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

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

/// How long a login tries each of so many backends: when one of them does not answer at all, the others still have to
/// have their turn within login-timeout.
std::chrono::milliseconds time_for_each(const config& settings, std::size_t count) {
  if (count < 2) return settings.connect_timeout;
  return std::min(settings.connect_timeout, settings.login_timeout / static_cast<int>(count + 1));
}

/// What the client is told when no backend of its cluster could be reached.
protocol::server_error none_reached(std::span<const backend_ptr> tried,
                                    std::span<const protocol::server_error> errors) {
  if (errors.size() == 1) return errors.front();
  std::string each;
  for (std::size_t at = 0; at < errors.size(); ++at) {
    each += fmt::format("{}'{}' ({}: {})", each.empty() ? "" : ", ", tried[at]->name()->text(), errors[at].code,
                        errors[at].message);
  }
  return {protocol::er::cannot_connect, "HY000", "Can't connect to MySQL server on any of " + each};
}

protocol::server_error all_drained(const cluster& which) {
  return {protocol::er::cannot_connect, "HY000",
          fmt::format("Can't connect to MySQL server: every backend of cluster '{}' is drained", which.name())};
}

/// One session's login on one backend, which it has so long to reach: the client authenticates itself.
class pass_through {
 public:
  pass_through(client_connection& connection, packet_channel& client, protocol::handshake_response response,
               backend_ptr target, std::chrono::milliseconds time)
      : connection_(connection),
        client_(client),
        target_(target),
        response_(response),
        opening_(connection, std::move(response), std::move(target), time),
        backend_(opening_.channel()) {}

  /// The connection_id clashed with a live cs_id: try with another connection.
  [[nodiscard]] bool clashed() const { return opening_.clashed(); }
  awaitable<pass_result> run();

 private:
  awaitable<pass_result> carry();
  awaitable<bool> client_is_next(const auth_exchange& exchange);
  awaitable<pass_result> take_verdict(protocol::bytes_view payload, auth_exchange& exchange);
  awaitable<pass_result> finish(protocol::bytes_view payload, auth_exchange& exchange);
  awaitable<void> leave();
  awaitable<pass_result> client_lost(error_code ec);
  [[nodiscard]] capabilities negotiated() const { return opening_.sent().flags; }

  client_connection& connection_;
  packet_channel& client_;
  backend_ptr target_;
  protocol::handshake_response response_;
  server_opening opening_;
  packet_channel& backend_;
};

login_failure backend_lost() {
  return failed(lost_in_login(), stop_reason::backend_gone);
}

/// The backend waits for an authentication packet that will not come. An empty one makes it refuse the login in the
/// ordinary way; just closing would count against the proxy's host there (max_connect_errors).
awaitable<void> pass_through::leave() {
  const deadline limit(connection_.home(), connection_.shared().current.load()->connect_timeout,
                       [this] { opening_.connection().close(); });
  connection_.set_authenticating(true);
  if (!co_await backend_.write({})) co_await backend_.read();
  connection_.set_authenticating(false);
}

awaitable<pass_result> pass_through::finish(protocol::bytes_view payload, auth_exchange& exchange) {
  const auto ok = protocol::parse_ok_packet(payload, negotiated());
  if (!ok) co_return backend_lost();
  compress_backend(opening_.connection(), opening_.sent(), connection_.shared().settings, backend_.take_rest());
  auto told = *ok;
  if (!protocol::has(response_.flags, protocol::client_session_track)) {
    told.state_info = {};
    told.status &= static_cast<protocol::status_flags>(~protocol::status_session_state_changed);
  }
  auto place = connection_.shared().entrance.users.enter(response_.user);
  if (!place) co_return failed(too_many_user_connections(response_.user), stop_reason::too_many_user_connections);
  connection_.hold_name_place(std::move(*place));
  // Before the client knows: it may be killed, by its own account, as soon as it has read the OK.
  connection_.logged_in(*connection_.who(), response_.database);
  connection_.note_login(exchange.take_evidence());
  target_->counted().count_login();
  connection_.tracking().begin_with(read_login_state(ok->state_info));
  connection_.bound()->bring_to(connection_.tracked().versions());
  connection_.publish_in_transaction((ok->status & protocol::status_in_transaction) != 0);
  protocol::bytes out;
  protocol::write_ok_packet(out, told, response_.flags);
  if (const auto ec = co_await client_.write(out)) co_return login_failure{stop_reason::client_gone, {}, ec, {}};
  co_return backend_login{negotiated(), ok->status};
}

/// The backend's OK or ERR.
awaitable<pass_result> pass_through::take_verdict(protocol::bytes_view payload, auth_exchange& exchange) {
  if (!protocol::is_err_packet(payload)) co_return co_await finish(payload, exchange);
  target_->counted().count_error();
  const auto refusal = protocol::parse_err_packet(payload);
  if (refusal)
    note_login_failure(connection_, *target_,
                       *refusal);  // a server keeps a place for administrators, and refuses others only now
  co_await client_.write(payload);
  co_return login_failure{stop_reason::login_failed,
                          {},
                          {},
                          refusal ? fmt::format("{}: {}", refusal->code, refusal->message) : "malformed error"};
}

/// Whose packet is read next. With a plugin that the proxy does not know it is the first that speaks.
awaitable<bool> pass_through::client_is_next(const auth_exchange& exchange) {
  if (exchange.next() != auth_exchange::turn::either) co_return exchange.next() == auth_exchange::turn::client;
  for (;;) {
    if (backend_.fetch()) co_return false;
    if (client_.fetch()) co_return true;
    co_await either_readable(opening_.connection(), connection_.client());
  }
}

awaitable<pass_result> pass_through::client_lost(error_code ec) {
  co_await leave();
  co_return login_failure{stop_reason::client_gone, {}, ec, {}};
}

/// Carries packets across until the backend has decided.
awaitable<pass_result> pass_through::carry() {
  auth_exchange exchange(auth_between(connection_, negotiated()));
  for (;;) {
    connection_.set_authenticating(exchange.next() != auth_exchange::turn::backend);
    const bool from_client = co_await client_is_next(exchange);
    connection_.acting().wait_for(from_client ? session::wait_kind::client_read : session::wait_kind::authentication);
    const auto packet = co_await (from_client ? client_ : backend_).read();
    connection_.set_authenticating(false);
    if (packet.ec) co_return from_client ? co_await client_lost(packet.ec) : backend_lost();
    auto next = !packet.in_order ? exchange.out_of_order()
                : from_client    ? exchange.on_client(packet.payload)
                                 : exchange.on_backend(packet.payload);
    switch (next.what) {
      case auth_exchange::step::action::to_client:
        if (const auto ec = co_await client_.write(next.packet)) co_return co_await client_lost(ec);
        break;
      case auth_exchange::step::action::to_backend:
        if (co_await backend_.write(next.packet)) co_return backend_lost();
        break;
      case auth_exchange::step::action::finished:
        co_return co_await take_verdict(packet.payload, exchange);
      case auth_exchange::step::action::refused:
        co_await leave();
        co_return failed(std::move(next.error), next.reason);
    }
  }
}

awaitable<pass_result> pass_through::run() {
  if (auto unreached = co_await opening_.open()) co_return std::move(*unreached);
  co_return co_await carry();
}

awaitable<pass_result> log_in_at(backend_ptr target, std::chrono::milliseconds time, client_connection& connection,
                                 packet_channel& client, const protocol::handshake_response& response) {
  for (int attempt = 1;; ++attempt) {
    pass_through login(connection, client, response, target, time);
    auto result = co_await login.run();
    if (!login.clashed() || attempt == dial_attempts) co_return result;
  }
}

}  // namespace

awaitable<pass_result> pass_login_through(client_connection& connection, packet_channel& client,
                                          protocol::handshake_response response) {
  const auto candidates = connection.cluster().candidates();
  if (candidates.empty()) co_return failed(all_drained(connection.cluster()), stop_reason::backend_unreachable);
  const auto time = time_for_each(*connection.shared().current.load(), candidates.size());
  std::vector<protocol::server_error> errors;
  for (const auto& each : candidates) {
    auto result = co_await log_in_at(each, time, connection, client, response);
    auto* const failure = std::get_if<login_failure>(&result);
    const bool goes_on = failure != nullptr && failure->elsewhere && !connection.ended();
    if (!goes_on) co_return result;
    errors.push_back(std::move(*failure->error));
  }
  co_return failed(none_reached(candidates, errors), stop_reason::backend_unreachable);
}

link_kind link_of(const stream& connection, bool local) {
  return connection.is_encrypted() ? link_kind::encrypted : local ? link_kind::local : link_kind::plain;
}

auth_circumstances auth_between(client_connection& connection, protocol::capabilities backend) {
  auto& shared = connection.shared();
  const bool client_local = connection.session::client_session::client().is_local();
  return {.client = link_of(connection.client(), client_local),
          .backend = link_of(*connection.backend(), connection.server()->name()->is_unix()),
          .negotiated = backend,
          .own_key = shared.keys.own(),
          .backend_public_pem = shared.keys.backend_public_pem(),
          .rounds_max = shared.settings.login_rounds_max,
          .evidence = connection.cluster().credentials().wanted()};
}

awaitable<std::optional<protocol::server_error>> probe_cluster(worker& on, gateway& shared, const cluster& which) {
  const auto candidates = which.candidates();
  if (candidates.empty()) co_return all_drained(which);
  std::vector<protocol::server_error> errors;
  for (const auto& each : candidates) {
    auto error = co_await probe_backend(on, shared, which, *each);
    if (!error || each->has_greeted()) co_return std::nullopt;
    errors.push_back(std::move(*error));
  }
  co_return none_reached(candidates, errors);
}

awaitable<std::optional<protocol::server_error>> probe_backend(worker& on, gateway& shared, const cluster& owner,
                                                               backend& target) {
  stream connection(on.poller());
  packet_channel channel(connection, on.buffer(), shared.settings.login_packet_max);
  const deadline limit(on, shared.current.load()->connect_timeout, [&connection] { connection.close(); });
  auto reached = co_await dial(connection, channel, target, backend_preamble(shared.settings.proxy_to_backend));
  if (!reached.hello) {
    target.counted().count_failure();
    if (reached.error.code == protocol::er::cannot_connect)
      note_unreached(shared, owner, target, reached.error.message);
    co_return std::move(reached.error);
  }
  target.counted().count_connection();
  note_reached(shared, owner, target);
  shared.clusters.learn(target, *reached.hello);
  protocol::handshake_response response;
  response.flags = protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.packet_size_max = protocol::packet_payload_max;
  response.collation = reached.hello->collation;
  response.user = "sessiongate_probe";
  response.auth_plugin = native_password_plugin;
  auto insecure = co_await secure_backend(connection, channel, *target.name(), *reached.hello, response,
                                          shared.settings, shared.tls);
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
