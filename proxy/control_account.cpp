#include "proxy/control_account.hpp"

#include "proxy/dial.hpp"
#include "proxy/kill_route.hpp"
#include "proxy/log.hpp"
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
  control_connection(const config& settings, const backend& server, poller& on)
      : settings_(settings), server_(server), stream_(on), channel_(stream_, scratch_, settings.login_packet_max) {}

  void close() { stream_.close(); }
  awaitable<interrupt_answer> run(std::string statement);

 private:
  awaitable<interrupt_answer> log_in();
  awaitable<bool> answer_request(const protocol::bytes& request);
  [[nodiscard]] std::string respond(std::string_view plugin, std::string_view nonce) const;

  const config& settings_;
  const backend& server_;
  std::array<std::uint8_t, 4096> scratch_{};
  stream stream_;
  packet_channel channel_;
};

std::string control_connection::respond(std::string_view plugin, std::string_view nonce) const {
  const auto& password = settings_.control_password;
  if (plugin == caching_sha2_plugin) return caching_sha2_response(password, nonce);
  return native_password_response(password, nonce);
}

/// False when the backend asks for something that the control account cannot give.
awaitable<bool> control_connection::answer_request(const protocol::bytes& request) {
  constexpr std::uint8_t fast_authentication_succeeded = 0x03;
  if (request.front() == protocol::auth_more_data_header) {
    co_return request.size() == 2 && request[1] == fast_authentication_succeeded;
  }
  const auto wanted = protocol::parse_auth_switch_request(request);
  if (!wanted || (wanted->plugin != native_password_plugin && wanted->plugin != caching_sha2_plugin)) co_return false;
  const auto response = respond(wanted->plugin, std::string_view(wanted->data).substr(0, 20));
  co_return !co_await channel_.write(protocol::as_bytes(response));
}

awaitable<interrupt_answer> control_connection::log_in() {
  auto reached = co_await dial(stream_, channel_, server_, backend_preamble(settings_.proxy_to_backend));
  if (!reached.hello) co_return unreached(reached.error.message);
  protocol::handshake_response response;
  response.flags = protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.packet_size_max = protocol::packet_payload_max;
  response.collation = reached.hello->collation;
  response.user = settings_.control_user;
  response.auth_plugin =
      reached.hello->auth_plugin == caching_sha2_plugin ? caching_sha2_plugin : native_password_plugin;
  response.auth_response = respond(response.auth_plugin, reached.hello->nonce);
  protocol::bytes payload;
  protocol::write_handshake_response(payload, response);
  if (const auto ec = co_await channel_.write(payload)) co_return unreached(ec.message());
  for (;;) {
    const auto packet = co_await channel_.read();
    if (packet.ec || packet.payload.empty()) co_return unreached("it closed during the control account's login");
    const bool ended = packet.payload.front() == protocol::ok_header || protocol::is_err_packet(packet.payload);
    if (ended) co_return to_interrupt_answer(packet.payload);
    if (!co_await answer_request(packet.payload)) {
      co_return interrupt_answer{interrupt_status::backend_refused, protocol::er::unsupported_auth_mode, "08004",
                                 "the control account needs mysql_native_password or a cached caching_sha2_password"};
    }
  }
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
  co_return co_await boost::asio::co_spawn(home_.context(), run(std::move(statement)), boost::asio::use_awaitable);
}

awaitable<interrupt_answer> control_account::run(std::string statement) {
  // The timer's handler may run after this coroutine has ended, so it shares the connection.
  const auto connection = std::make_shared<control_connection>(settings_, server_, home_);
  const auto late = std::make_shared<bool>(false);
  boost::asio::steady_timer limit(home_.context(), settings_.kill_timeout);
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
