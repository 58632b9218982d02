#include "proxy/control_connection.hpp"

#include "proxy/backend_login.hpp"
#include "proxy/backend_tls.hpp"
#include "proxy/credential_exchange.hpp"
#include "proxy/dial.hpp"
#include "proxy/kill_route.hpp"
#include "proxy/login.hpp"
#include "proxy/own_response.hpp"
#include "proxy/proxy_protocol.hpp"

#include "protocol/command.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

namespace sessiongate::proxy {

namespace {

using admin::interrupt_answer;
using admin::interrupt_status;

/// What a server closes at the end of a thread takes so long to arrive, beside another connection's answer.
constexpr std::chrono::milliseconds end_on_its_way{20};

interrupt_answer unreached(std::string message) {
  return {interrupt_status::backend_unreachable, protocol::er::cannot_connect, "HY000", std::move(message)};
}

interrupt_answer refused(const protocol::server_error& error) {
  return {interrupt_status::backend_refused, error.code, error.sqlstate, error.message};
}

control_connection::result lost_connection() {
  return {unreached("it closed without an answer to KILL"), true, false};
}

/// Without session tracking and DEPRECATE_EOF: an EOF ends definitions, and rows.
bool ends_response(protocol::bytes_view payload, int& ends_left) {
  constexpr std::size_t eof_size_max = 9;
  const bool is_eof = payload.front() == protocol::eof_header && payload.size() < eof_size_max;
  return is_eof && --ends_left == 0;
}

}  // namespace

control_connection::control_connection(const config& settings, const cluster_settings& owner, const backend& server,
                                       const auth_keys& keys, const tls_context& tls, poller& on)
    : settings_(settings),
      owner_(owner),
      target_(server),
      keys_(keys),
      tls_(tls),
      stream_(on),
      channel_(stream_, scratch_, settings.login_packet_max) {}

awaitable<std::optional<interrupt_answer>> control_connection::authenticate() {
  const auto known = credential::of_password(owner_.control_password);
  auto outcome = co_await authenticate_with(channel_, *known,
                                            {.backend = link_of(stream_, target_.name()->is_unix()),
                                             .backend_public_pem = keys_.backend_public_pem(),
                                             .rounds_max = settings_.login_rounds_max});
  switch (outcome.how) {
    case exchange_outcome::end::accepted:
      co_return std::nullopt;
    case exchange_outcome::end::refused:
      break;
    case exchange_outcome::end::cannot_answer:
      outcome.error.message = fmt::format("the control account cannot log in: {}", outcome.error.message);
      break;
    case exchange_outcome::end::lost:
      co_return unreached("it closed during the control account's login");
  }
  co_return refused(outcome.error);
}

/// It names a plugin that no server has, as clients' logins do: the backend asks for the account's then.
awaitable<std::optional<interrupt_answer>> control_connection::log_in(std::optional<session::endpoint> peer) {
  auto reached =
      co_await dial(stream_, channel_, target_, backend_preamble(settings_.proxy_to_backend), std::move(peer));
  if (!reached.hello) {
    const bool said_why = reached.error.code != protocol::er::cannot_connect;
    co_return said_why ? refused(reached.error) : unreached(reached.error.message);
  }
  origin_ = std::move(reached.origin);
  greeting_ = *reached.hello;
  protocol::handshake_response response;
  response.flags = protocol::client_protocol_41 | protocol::client_secure_connection | protocol::client_plugin_auth;
  response.packet_size_max = protocol::packet_payload_max;
  response.collation = reached.hello->collation;
  response.user = owner_.control_user;
  response.auth_plugin = unknown_plugin;
  if (auto insecure =
          co_await secure_backend(stream_, channel_, *target_.name(), *reached.hello, response, settings_, tls_))
    co_return unreached(std::move(insecure->message));
  protocol::bytes payload;
  protocol::write_handshake_response(payload, response);
  if (const auto ec = co_await channel_.write(payload)) co_return unreached(ec.message());
  if (auto failed = co_await authenticate()) co_return failed;
  co_return co_await identify(reached.hello->server_version);
}

awaitable<std::optional<interrupt_answer>> control_connection::identify(std::string_view version) {
  std::vector<protocol::bytes> answers;
  for (const auto question : identity_questions) {
    auto told = co_await query(question);
    if (told.lost) co_return unreached("it closed during the control account's login");
    answers.push_back(std::move(told.packets));
  }
  const auto from = admin::to_endpoint(stream_.local_address());
  auto told = read_identity(answers, version, from, server_identity::clock::now());
  if (!told)
    co_return interrupt_answer{interrupt_status::backend_refused, protocol::er::unknown_error, "HY000",
                               "it does not tell the control account who it is"};
  server_ = std::move(*told);
  co_return std::nullopt;
}

awaitable<control_connection::reply> control_connection::query(std::string_view statement) {
  protocol::bytes out{static_cast<std::uint8_t>(protocol::command::query)};
  out.insert(out.end(), statement.begin(), statement.end());
  channel_.restart_sequence();
  reply told;
  told.packets.reserve(scratch_.size());  // grown, it would leave copies of what may be a password's hash
  told.lost = static_cast<bool>(co_await channel_.write(out));
  for (int ends_left = 2; !told.lost;) {
    const auto packet = co_await channel_.read();
    told.lost = packet.ec || packet.payload.empty();
    if (told.lost) break;
    const bool only = told.packets.empty();
    auto sequence_id = static_cast<std::uint8_t>(channel_.next_sequence_id() - 1);
    protocol::append_packet(told.packets, sequence_id, packet.payload);
    if (protocol::is_err_packet(packet.payload)) {
      const auto error = protocol::parse_err_packet(packet.payload);
      told.error = error ? *error : protocol::server_error{protocol::er::malformed_packet, "HY000", "malformed error"};
      break;
    }
    if (only && packet.payload.front() == protocol::ok_header) break;
    if (ends_response(packet.payload, ends_left)) break;
  }
  co_return told;
}

bool control_connection::may_have(const session::connection_origin& of) const {
  return of.greeted >= there_since_ && may_share_server(origin_, of);
}

/// Without the list of threads only a connection that is younger than the session proves that the session's server was
/// at the address before and after.
bool control_connection::can_judge(const session::connection_origin& of) const {
  if (origin_.peer != of.peer && !of.peer.address.empty()) return false;
  return (server_.shows_threads && of.port_seen != 0) || of.greeted <= origin_.dialled;
}

control_connection::result control_connection::stranger(const session::server_session& meant) const {
  return {{interrupt_status::backend_unreachable, protocol::er::unknown_error, "HY000",
           fmt::format("another server answers at {}, or the connection {} there is not this session's",
                       origin_.peer.text(), meant.connection_id())},
          false,
          true};
}

/// Reads the server's list, which is long where there are many threads.
awaitable<std::optional<control_connection::result>> control_connection::look_up(std::uint32_t wanted,
                                                                                 std::vector<std::uint32_t> waiting) {
  waiting.push_back(wanted);
  const auto told = co_await query(
      fmt::format("SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID IN ({})", fmt::join(waiting, ", ")));
  if (told.lost) co_return lost_connection();
  if (told.error) co_return result{refused(*told.error)};
  ports_.clear();
  for (const auto& row : read_rows(told.packets)) {
    std::uint32_t number = 0;
    std::from_chars(row.front().data(), row.front().data() + row.front().size(), number);
    ports_[number] = port_of_host(row.back());
  }
  co_return std::nullopt;
}

/// None: the thread is there, as far as can be known.
awaitable<std::optional<control_connection::result>> control_connection::check(const admin::backend_thread& which,
                                                                               std::vector<std::uint32_t> waiting) {
  const auto& meant = which.session->origin();
  if (!server_.shows_threads || meant.port_seen == 0) {
    if (may_have(meant)) co_return std::nullopt;
    co_return stranger(*which.session);
  }
  const auto is_there = [&] {
    const auto found = ports_.find(meant.connection_id);
    return found != ports_.end() && found->second == meant.port_seen;
  };
  if (is_there()) co_return std::nullopt;
  if (auto failed = co_await look_up(meant.connection_id, std::move(waiting))) co_return std::move(*failed);
  if (is_there()) co_return std::nullopt;
  if (ports_.contains(meant.connection_id)) co_return stranger(*which.session);
  if (which.held && which.held->is_open()) {
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, end_on_its_way);
    co_await pause.async_wait(boost::asio::use_awaitable);
  }
  if (!may_have(meant) || (which.held && which.held->is_open())) co_return stranger(*which.session);
  co_return result{
      refused({protocol::er::no_such_thread, "HY000", fmt::format("Unknown thread id: {}", meant.connection_id)})};
}

awaitable<control_connection::result> control_connection::interrupt(admin::backend_thread which,
                                                                    admin::interrupt_scope scope,
                                                                    std::vector<std::uint32_t> waiting) {
  if (auto otherwise = co_await check(which, std::move(waiting))) co_return std::move(*otherwise);
  const auto told = co_await query(kill_statement(which.session->connection_id(), scope));
  if (told.lost) co_return lost_connection();
  if (told.error) co_return result{refused(*told.error)};
  co_return result{{interrupt_status::interrupted, 0, {}, {}}};
}

interrupt_answer to_interrupt_answer(protocol::bytes_view payload) {
  if (!protocol::is_err_packet(payload)) return {interrupt_status::interrupted, 0, {}, {}};
  const auto refusal = protocol::parse_err_packet(payload);
  if (!refusal) return {interrupt_status::backend_refused, protocol::er::malformed_packet, "HY000", "malformed error"};
  return refused(*refusal);
}

}  // namespace sessiongate::proxy
