#include "proxy/login.hpp"

#include "proxy/backend_login.hpp"
#include "proxy/client_greeting.hpp"
#include "proxy/compression_choice.hpp"
#include "proxy/error_reply.hpp"
#include "proxy/login_channel.hpp"
#include "proxy/password.hpp"
#include "proxy/proxy_protocol.hpp"
#include "proxy/tls_transport.hpp"

#include "protocol/greeting.hpp"
#include "protocol/handshake_response.hpp"

#include <fmt/format.h>

#include <utility>

namespace sessiongate::proxy {

namespace {

using protocol::capabilities;
namespace er = protocol::er;
using session::stop_reason;
using session::stop_request;

/// What the client is told, and why the session ends.
struct stop_refusal {
  protocol::server_error error;
  stop_reason reason = stop_reason::login_failed;
};

protocol::server_error client_too_old() {
  return {protocol::er::unsupported_auth_mode, "08004",
          "Client does not support authentication protocol requested by server; consider upgrading MySQL client"};
}

/// The proxy may give the session another server session when its own has gone.
bool may_recover(client_connection& connection) {
  return connection.cluster().settings().credentials != credentials_mode::none &&
         connection.shared().settings.recovery != recovery_mode::off;
}

/// A login under way: the client's side of it.
class client_login {
 public:
  explicit client_login(client_connection& connection)
      : connection_(connection),
        channel_(connection),
        limit_(connection.home(), connection.shared().current.load()->login_timeout,
               [&connection] { time_out(connection); }) {}

  awaitable<login_outcome> run();

 private:
  static void time_out(client_connection& connection);

  awaitable<std::optional<stop_request>> learn_client();
  awaitable<std::optional<stop_request>> take_place();
  awaitable<std::optional<stop_request>> greet();
  awaitable<std::optional<stop_request>> read_response();
  [[nodiscard]] std::optional<stop_refusal> full() const;
  awaitable<std::optional<stop_request>> read_login(packet_channel::received& packet);
  awaitable<std::optional<stop_request>> encrypt();
  awaitable<login_outcome> log_in_account();

  client_connection& connection_;
  login_channel channel_;
  deadline limit_;
  std::optional<protocol::server_error> backend_error_;  // the backend was never seen, and why
  std::string nonce_ = make_nonce();
  bool has_place_ = false;  // among the logins from its address
  capabilities offered_ = 0;
  protocol::handshake_response response_;
  session::login_name name_;
};

void client_login::time_out(client_connection& connection) {
  connection.note_error();
  send_last_error(connection.client(), {1159, "08S01", "Got timeout reading communication packets"}, 2);
  connection.end({stop_reason::login_timeout, "the login was not complete in time"});
}

/// Whose connection it is, when a load balancer tells.
awaitable<std::optional<stop_request>> client_login::learn_client() {
  auto learned = co_await read_proxy_header(channel_, connection_.session::client_session::client(),
                                            connection_.shared().settings);
  if (learned.ec) co_return co_await channel_.unread(learned.ec);
  if (!learned.refusal.empty()) {
    co_await channel_.refuse({er::handshake_error, "08S01", "Bad handshake"}, stop_reason::protocol_error);
    co_return stop_request{stop_reason::protocol_error, std::string(learned.refusal)};
  }
  if (learned.endpoint) connection_.publish_client(std::move(*learned.endpoint));
  if (!has_place_) co_return co_await take_place();
  co_return std::nullopt;
}

awaitable<std::optional<stop_request>> client_login::take_place() {
  auto place = connection_.shared().entrance.logins.enter(connection_.session::client_session::client().address);
  if (!place) {
    co_return co_await channel_.refuse({er::con_count_error, {}, "Too many connections: logins from this address"},
                                       stop_reason::too_many_logins);
  }
  connection_.hold_name_place(std::move(*place));
  has_place_ = true;
  co_return std::nullopt;
}

/// Before the first greeting was seen the proxy does not know what to offer. While there is none, root@proxysys is
/// greeted all the same.
awaitable<std::optional<stop_request>> client_login::greet() {
  auto& shared = connection_.shared();
  if (shared.clusters.offer()->flags == 0)
    backend_error_ = co_await probe_cluster(connection_.home(), shared, shared.clusters.standard());
  auto transport = offered_compression(shared.settings);
  if (shared.tls.offers_clients()) transport |= protocol::client_ssl;
  auto hello = greeting_for_clients(*shared.clusters.offer(), transport);
  hello.thread_id = connection_.cs_id();
  hello.nonce = nonce_;
  offered_ = hello.flags;
  protocol::bytes payload;
  protocol::write_greeting(payload, hello);
  if (const auto ec = co_await channel_.write(payload)) co_return channel_.lost(ec);
  co_return std::nullopt;
}

/// Behind the client's request for TLS. What came with the request in one segment belongs to TLS.
awaitable<std::optional<stop_request>> client_login::encrypt() {
  const auto outcome =
      co_await start_tls(connection_.client(), connection_.shared().tls.accept(), channel_.take_rest());
  if (!outcome.ec) {
    connection_.publish_using_ssl(true);
    co_return std::nullopt;
  }
  if (connection_.ended()) co_return stop_request{};
  co_return stop_request{outcome.refused ? stop_reason::protocol_error : stop_reason::client_gone,
                         "TLS handshake: " + outcome.why};
}

/// The login's packet, behind a request for TLS or not.
awaitable<std::optional<stop_request>> client_login::read_login(packet_channel::received& packet) {
  packet = co_await channel_.read();
  const bool wants_tls = !packet.ec && protocol::is_ssl_request(packet.payload);
  if (wants_tls && connection_.shared().tls.offers_clients()) {
    if (auto failed = co_await encrypt()) co_return std::move(*failed);
    packet = co_await channel_.read();
  }
  if (packet.ec) co_return co_await channel_.unread(packet.ec);
  if (protocol::is_ssl_request(packet.payload)) {
    co_return co_await channel_.refuse({er::handshake_error, "08S01", "Bad handshake"}, stop_reason::protocol_error);
  }
  co_return std::nullopt;
}

awaitable<std::optional<stop_request>> client_login::read_response() {
  packet_channel::received packet;
  if (auto failed = co_await read_login(packet)) co_return std::move(*failed);
  if (!packet.in_order) {
    co_return co_await channel_.refuse({protocol::er::packets_out_of_order, "08S01", "Got packets out of order"},
                                       stop_reason::protocol_error);
  }
  auto parsed = protocol::parse_handshake_response(packet.payload);
  if (!parsed && parsed.error() == protocol::errc::unsupported_client) {
    co_return co_await channel_.refuse(client_too_old(), stop_reason::login_failed);
  }
  if (!parsed) {
    co_return co_await channel_.refuse({protocol::er::handshake_error, "08S01", "Bad handshake"},
                                       stop_reason::protocol_error);
  }
  response_ = std::move(*parsed);
  response_.flags &= offered_ | protocol::client_mysql;
  if (connection_.shared().tls.requires_clients() && !connection_.client().is_encrypted()) {
    co_return co_await channel_.refuse({protocol::er::insecure_transport, "HY000",
                                        "Connections using insecure transport are prohibited (--client-tls required)"},
                                       stop_reason::login_failed);
  }
  if (!protocol::has(response_.flags, protocol::client_plugin_auth)) {
    co_return co_await channel_.refuse(client_too_old(), stop_reason::login_failed);
  }
  name_ = session::parse_login_name(response_.user);
  co_return std::nullopt;
}

/// For whom there is no room any more, now that his name is known.
std::optional<stop_refusal> client_login::full() const {
  if (connection_.in_reserve()) {
    return stop_refusal{{er::con_count_error, "08004", "Too many connections"}, stop_reason::too_many_connections};
  }
  if (connection_.shared().entrance.users.full(name_.user)) {
    return stop_refusal{too_many_user_connections(name_.user), stop_reason::too_many_user_connections};
  }
  return std::nullopt;
}

awaitable<login_outcome> client_login::run() {
  // A header that has to come is waited for. Another one is looked for in front of the client's first packet: clients
  // without one wait for the greeting, and servers do not mind in which order the two cross.
  const auto& settings = connection_.shared().settings;
  const bool trusted = settings.proxy_protocol_from.contains(connection_.session::client_session::client().address);
  const bool header_first = trusted && settings.proxy_protocol_required;
  std::optional<stop_request> failed;
  if (header_first) failed = co_await learn_client();
  if (!trusted) failed = co_await take_place();
  if (failed) co_return std::move(*failed);
  failed = co_await greet();
  if (!failed && !header_first) failed = co_await learn_client();
  if (!failed) failed = co_await read_response();
  if (failed) co_return std::move(*failed);
  auto& clusters = connection_.shared().clusters;
  auto* const cluster = clusters.find(name_);
  connection_.publish_identity({name_.user, name_.tenant,
                                cluster == nullptr ? name_.cluster : cluster_set::shown_name(*cluster, name_),
                                session::shown_attributes(response_.attributes)});
  if (is_proxysys(name_)) {
    auto done = co_await log_in_proxysys(channel_, response_, nonce_);
    co_return std::visit([](auto& outcome) { return login_outcome(std::move(outcome)); }, done);
  }
  if (backend_error_ && cluster == &clusters.standard())
    co_return co_await channel_.refuse(std::move(*backend_error_), stop_reason::backend_unreachable);
  if (cluster == nullptr) {
    co_return co_await channel_.refuse(
        {protocol::er::access_denied, "28000",
         fmt::format("Access denied for user '{}': cluster '{}' is not served here", name_.user, name_.cluster)},
        stop_reason::login_failed);
  }
  connection_.choose_cluster(*cluster);
  if (auto refused = full()) co_return co_await channel_.refuse(std::move(refused->error), refused->reason);
  co_return co_await log_in_account();
}

awaitable<login_outcome> client_login::log_in_account() {
  wipe(response_.auth_response);  // over the proxy's nonce: of no use to the backend
  auto response = response_;
  response.user = name_.user;
  auto passed = co_await pass_login_through(connection_, channel_, std::move(response));
  if (auto* failed = std::get_if<login_failure>(&passed)) {
    if (failed->error) co_return co_await channel_.refuse(std::move(*failed->error), failed->reason);
    co_return failed->ec ? login_outcome(channel_.lost(failed->ec))
                         : login_outcome(stop_request{failed->reason, failed->detail});
  }
  const auto& done = std::get<backend_login>(passed);
  logged_in_account account{response_.flags, done.negotiated, done.status,
                            compress_client(connection_, response_, channel_.take_rest())};
  if (may_recover(connection_)) {
    account.login = std::make_unique<protocol::handshake_response>(response_);
    account.login->user = name_.user;
  }
  co_return account;
}

}  // namespace

awaitable<login_outcome> login(client_connection& connection) {
  client_login under_way(connection);
  co_return co_await under_way.run();
}

}  // namespace sessiongate::proxy
