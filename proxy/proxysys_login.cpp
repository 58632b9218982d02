#include "proxy/proxysys_login.hpp"

#include "proxy/compression_choice.hpp"
#include "proxy/password.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace sessiongate::proxy {

namespace {

namespace asio = boost::asio;
using session::stop_reason;
using session::stop_request;

class proxysys_login {
 public:
  proxysys_login(login_channel& channel, protocol::handshake_response& response, std::string nonce)
      : connection_(channel.connection()), channel_(channel), response_(response), nonce_(std::move(nonce)) {}

  awaitable<std::variant<stop_request, logged_in_proxysys>> run();

 private:
  [[nodiscard]] std::string address() const { return connection_.session::client_session::client().address; }
  awaitable<std::optional<stop_request>> refuse_unseen();
  awaitable<std::optional<stop_request>> obtain_answer();
  awaitable<std::optional<stop_request>> wait_for_turn();
  awaitable<bool> verify();

  client_connection& connection_;
  login_channel& channel_;
  protocol::handshake_response& response_;
  std::string nonce_;
};

/// What can be said before a password is looked at.
awaitable<std::optional<stop_request>> proxysys_login::refuse_unseen() {
  const auto settings = connection_.shared().current.load();
  const auto from = address();
  if (!settings->proxysys_from.contains(from)) {
    co_return co_await channel_.refuse(
        {protocol::er::host_not_privileged, "HY000",
         fmt::format("Host '{}' is not allowed to log in as root@proxysys (--proxysys-from)", from)},
        stop_reason::login_failed);
  }
  if (!settings->proxysys_password) {
    co_return co_await channel_.refuse({protocol::er::access_denied, "28000",
                                        "Access denied for user 'root@proxysys': no password is set for it "
                                        "(--proxysys-password-file)"},
                                       stop_reason::login_failed);
  }
  co_return std::nullopt;
}

/// Who has guessed wrong too often waits before the answer is looked at: the session, not its worker.
awaitable<std::optional<stop_request>> proxysys_login::wait_for_turn() {
  const auto from = address();
  const auto delay = connection_.shared().throttle.admit(from);
  if (!delay) {
    co_return co_await channel_.refuse(
        {protocol::er::host_is_blocked, "HY000",
         fmt::format("Host '{}' is blocked because of too many wrong logins to the proxy; it may "
                     "try again in {} s",
                     from, connection_.shared().throttle.longest_delay().count())},
        stop_reason::login_failed);
  }
  if (*delay > admin::login_throttle::clock::duration::zero()) {
    asio::steady_timer timer(connection_.home().executor(), *delay);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (connection_.ended()) co_return stop_request{};
  co_return std::nullopt;
}

awaitable<std::variant<stop_request, logged_in_proxysys>> proxysys_login::run() {
  if (auto refused = co_await refuse_unseen()) co_return std::move(*refused);
  if (auto gone = co_await obtain_answer()) co_return std::move(*gone);
  if (auto refused = co_await wait_for_turn()) co_return std::move(*refused);
  auto& throttle = connection_.shared().throttle;
  const auto from = address();
  if (!co_await verify()) {
    if (connection_.ended()) co_return stop_request{};
    throttle.failed(from);
    co_return co_await channel_.refuse({protocol::er::access_denied, "28000",
                                        fmt::format("Access denied for user 'root@proxysys'@'{}' (using password: {})",
                                                    from, response_.auth_response.empty() ? "NO" : "YES")},
                                       stop_reason::login_failed);
  }
  throttle.succeeded_fully(from);
  connection_.logged_in_as_proxysys();
  protocol::bytes payload;
  protocol::write_ok_packet(payload, {.status = protocol::status_autocommit, .info = {}, .state_info = {}},
                            response_.flags);
  if (const auto ec = co_await channel_.write(payload)) co_return channel_.lost(ec);
  co_return logged_in_proxysys{response_.flags, compress_client(connection_, response_, channel_.take_rest())};
}

/// Takes the answer that came with the login when its plugin is one of the two that the proxy can check, else asks
/// again.
awaitable<std::optional<stop_request>> proxysys_login::obtain_answer() {
  const bool known = response_.auth_plugin == caching_sha2_plugin || response_.auth_plugin == native_password_plugin;
  if (known) co_return std::nullopt;
  nonce_ = make_nonce();
  response_.auth_plugin = native_password_plugin;
  protocol::bytes payload;
  protocol::write_auth_switch_request(payload, {std::string(native_password_plugin), nonce_ + '\0'});
  if (const auto ec = co_await channel_.write(payload)) co_return channel_.lost(ec);
  const auto answer = co_await channel_.read();
  if (answer.ec) co_return channel_.lost(answer.ec);
  response_.auth_response = protocol::as_text(answer.payload);
  co_return std::nullopt;
}

/// The answer is looked at without a pause between turn and verdict, so that many at once are counted one by one.
awaitable<bool> proxysys_login::verify() {
  const auto& password = *connection_.shared().settings.proxysys_password;
  if (response_.auth_plugin == native_password_plugin) {
    co_return same_secret(response_.auth_response, native_password_response(password, nonce_));
  }
  if (!same_secret(response_.auth_response, caching_sha2_response(password, nonce_))) co_return false;
  protocol::bytes payload;
  protocol::write_auth_more_data(payload, "\x03");  // fast authentication succeeded
  co_return !co_await channel_.write(payload);
}

}  // namespace

bool is_proxysys(const session::login_name& name) {
  return name.user == "root" && name.tenant == "proxysys";
}

awaitable<std::variant<session::stop_request, logged_in_proxysys>> log_in_proxysys(
    login_channel& channel, protocol::handshake_response& response, std::string nonce) {
  proxysys_login under_way(channel, response, std::move(nonce));
  co_return co_await under_way.run();
}

}  // namespace sessiongate::proxy
