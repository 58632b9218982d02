#include "proxy/control_account.hpp"

#include "proxy/auth_exchange.hpp"
#include "proxy/backend_login.hpp"
#include "proxy/backend_tls.hpp"
#include "proxy/dial.hpp"
#include "proxy/kill_route.hpp"
#include "proxy/log.hpp"
#include "proxy/login.hpp"
#include "proxy/password.hpp"
#include "proxy/proxy_protocol.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/command.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <optional>

namespace sessiongate::proxy {

namespace {

using admin::interrupt_answer;
using admin::interrupt_status;

interrupt_answer unreached(std::string message) {
  return {interrupt_status::backend_unreachable, protocol::er::cannot_connect, "HY000", std::move(message)};
}

/// One connection of the control account.
class control_connection {
 public:
  control_connection(const config& settings, const backend& server, const auth_keys& keys, const tls_context& tls,
                     poller& on)
      : settings_(settings),
        server_(server),
        keys_(keys),
        tls_(tls),
        stream_(on),
        channel_(stream_, scratch_, settings.login_packet_max) {}

  void close() { stream_.close(); }
  awaitable<interrupt_answer> run(std::string statement);

 private:
  awaitable<interrupt_answer> log_in();
  awaitable<interrupt_answer> authenticate();
  [[nodiscard]] std::optional<secret_bytes> respond(std::string_view plugin, protocol::bytes_view request) const;

  const config& settings_;
  const backend& server_;
  const auth_keys& keys_;
  const tls_context& tls_;
  std::array<std::uint8_t, 4096> scratch_{};
  stream stream_;
  packet_channel channel_;
};

/// The answer of a client that may send its password as it is: the exchange encrypts that where it has to. None when
/// the backend wants what the control account cannot give.
std::optional<secret_bytes> control_connection::respond(std::string_view plugin, protocol::bytes_view request) const {
  constexpr std::size_t nonce_size = 20;
  const auto& password = settings_.control_password;
  const bool is_challenge = request.front() == protocol::auth_switch_header;
  if (is_challenge && (plugin == native_password_plugin || plugin == caching_sha2_plugin)) {
    const auto wanted = protocol::parse_auth_switch_request(request);
    const auto nonce = std::string_view(wanted->data).substr(0, nonce_size);
    return to_secret(protocol::as_bytes(plugin == caching_sha2_plugin ? caching_sha2_response(password, nonce)
                                                                      : native_password_response(password, nonce)));
  }
  const bool in_the_clear = plugin == clear_password_plugin && stream_.is_encrypted();
  const bool asks_for_password = is_challenge ? plugin == sha256_plugin || in_the_clear : plugin == caching_sha2_plugin;
  if (!asks_for_password) return std::nullopt;
  auto with_zero = to_secret(protocol::as_bytes(password));
  with_zero.push_back(0);
  return with_zero;
}

awaitable<interrupt_answer> control_connection::authenticate() {
  auth_exchange exchange({.client = link_kind::encrypted,
                          .backend = link_of(stream_, server_.name()->is_unix()),
                          .backend_public_pem = keys_.backend_public_pem(),
                          .rounds_max = settings_.login_rounds_max});
  for (;;) {
    const auto packet = co_await channel_.read();
    if (packet.ec) co_return unreached("it closed during the control account's login");
    auto next = exchange.on_backend(packet.payload);
    if (next.what == auth_exchange::step::action::finished) co_return to_interrupt_answer(packet.payload);
    if (next.what == auth_exchange::step::action::to_client) {
      if (exchange.next() == auth_exchange::turn::backend) continue;  // the fast path has succeeded
      const auto answer = respond(exchange.plugin(), next.packet);
      if (!answer) {
        co_return interrupt_answer{
            interrupt_status::backend_refused, protocol::er::unsupported_auth_mode, "08004",
            fmt::format("the control account cannot log in with the plugin {}", exchange.plugin())};
      }
      next = exchange.on_client(*answer);
    }
    if (next.what == auth_exchange::step::action::refused) {
      co_return interrupt_answer{interrupt_status::backend_refused, next.error.code, next.error.sqlstate,
                                 next.error.message};
    }
    if (const auto ec = co_await channel_.write(next.packet)) co_return unreached(ec.message());
  }
}

/// It names a plugin that no server has, as clients' logins do: the backend asks for the account's then.
awaitable<interrupt_answer> control_connection::log_in() {
  auto reached = co_await dial(stream_, channel_, server_, backend_preamble(settings_.proxy_to_backend));
  if (!reached.hello) co_return unreached(reached.error.message);
  protocol::handshake_response response;
  response.flags = protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.packet_size_max = protocol::packet_payload_max;
  response.collation = reached.hello->collation;
  response.user = settings_.control_user;
  response.auth_plugin = unknown_plugin;
  if (auto insecure = co_await secure_backend(stream_, channel_, *reached.hello, response, settings_, tls_))
    co_return unreached(std::move(insecure->message));
  protocol::bytes payload;
  protocol::write_handshake_response(payload, response);
  if (const auto ec = co_await channel_.write(payload)) co_return unreached(ec.message());
  co_return co_await authenticate();
}

awaitable<interrupt_answer> control_connection::run(std::string statement) {
  auto answer = co_await log_in();
  if (answer.status != interrupt_status::interrupted) {
    log_event(log_level::warning, "control_account_failed", {{"code", answer.code}, {"error", answer.message}});
    co_return answer;
  }
  protocol::bytes out{static_cast<std::uint8_t>(protocol::command::query)};
  out.insert(out.end(), statement.begin(), statement.end());
  channel_.restart_sequence();
  if (const auto ec = co_await channel_.write(out)) co_return unreached(ec.message());
  const auto packet = co_await channel_.read();
  if (packet.ec || packet.payload.empty()) co_return unreached("it closed without an answer to KILL");
  answer = to_interrupt_answer(packet.payload);
  channel_.restart_sequence();
  out.assign(1, static_cast<std::uint8_t>(protocol::command::quit));
  co_await channel_.write(out);
  co_return answer;
}

}  // namespace

interrupt_answer to_interrupt_answer(protocol::bytes_view payload) {
  if (!protocol::is_err_packet(payload)) return {interrupt_status::interrupted, 0, {}, {}};
  const auto refusal = protocol::parse_err_packet(payload);
  if (!refusal) return {interrupt_status::backend_refused, protocol::er::malformed_packet, "HY000", "malformed error"};
  return {interrupt_status::backend_refused, refusal->code, refusal->sqlstate, refusal->message};
}

awaitable<interrupt_answer> control_account::kill(std::uint32_t connection_id, admin::interrupt_scope scope) {
  auto statement = kill_statement(connection_id, scope);
  co_return co_await boost::asio::co_spawn(home_.executor(), run(std::move(statement)), boost::asio::use_awaitable);
}

awaitable<interrupt_answer> control_account::run(std::string statement) {
  // The timer's handler may run after this coroutine has ended, so it shares the connection.
  const auto connection = std::make_shared<control_connection>(settings_, server_, keys_, tls_, home_);
  const auto late = std::make_shared<bool>(false);
  boost::asio::steady_timer limit(home_.executor(), settings_.kill_timeout);
  limit.async_wait([connection, late](const error_code& ec) {
    if (ec) return;
    *late = true;
    connection->close();
  });
  auto answer = co_await connection->run(std::move(statement));
  limit.cancel();
  if (*late) answer = {interrupt_status::timeout, protocol::er::unknown_error, "HY000", "the backend did not answer"};
  co_return answer;
}

}  // namespace sessiongate::proxy
