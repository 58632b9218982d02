#include "proxy/recovery_login.hpp"

#include "proxy/compression_choice.hpp"
#include "proxy/credential_exchange.hpp"
#include "proxy/dial.hpp"
#include "proxy/server_opening.hpp"
#include "proxy/session_events.hpp"

#include "protocol/ok_packet.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using session::recovery_obstacle;
using clock = std::chrono::steady_clock;
using possible_failure = std::optional<recovery_failure>;

namespace {

constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds longest_pause{500};

std::chrono::milliseconds left_until(recovery_deadline until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

/// Many sessions lose their server sessions in one moment: they must not come back in one.
std::chrono::milliseconds spread(std::chrono::milliseconds pause) {
  static thread_local std::minstd_rand chance(std::random_device{}());
  std::uniform_int_distribution<std::chrono::milliseconds::rep> between(pause.count() / 2, pause.count());
  return std::chrono::milliseconds(between(chance));
}

/// A growing pause, cut off by nothing. False: there is no time left for it, or the session has ended.
class pauses {
 public:
  pauses(client_connection& connection, recovery_deadline until)
      : connection_(connection), until_(until), timer_(connection.home().executor()) {}

  awaitable<bool> wait() {
    const auto pause = spread(next_);
    next_ = std::min(next_ * 2, longest_pause);
    if (left_until(until_) <= pause) co_return false;
    timer_.expires_after(pause);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !connection_.ended();
  }

 private:
  client_connection& connection_;
  recovery_deadline until_;
  asio::steady_timer timer_;
  std::chrono::milliseconds next_ = first_pause;
};

/// The account may log in, but not to the session's database: it was dropped, or its rights were.
bool is_about_database(const protocol::server_error& refusal) {
  constexpr std::uint16_t access_to_database_denied = 1044;
  constexpr std::uint16_t unknown_database = 1049;
  return refusal.code == access_to_database_denied || refusal.code == unknown_database;
}

class recovery_login {
 public:
  recovery_login(client_connection& connection, const protocol::handshake_response& login,
                 protocol::capabilities negotiated, recovery_deadline until)
      : connection_(connection), login_(login), negotiated_(negotiated), until_(until) {}

  awaitable<std::variant<recovery_failure, recovery_start>> run();

 private:
  awaitable<possible_failure> try_all();
  awaitable<possible_failure> try_at(const backend_ptr& target);
  possible_failure take_verdict(server_opening& opening, backend& target, const exchange_outcome& outcome);

  client_connection& connection_;
  protocol::handshake_response login_;
  protocol::capabilities negotiated_;
  recovery_deadline until_;
  std::shared_ptr<const credential> known_;
  backend_login made_;
  bool is_final_ = false;  // no other backend, and no other time, would make a difference
};

awaitable<std::variant<recovery_failure, recovery_start>> recovery_login::run() {
  const auto found = connection_.login_credential();
  if (!found.known) co_return recovery_failure{found.obstacle, found.why};
  known_ = found.known;
  login_.database = *connection_.database();
  login_.flags |= protocol::client_connect_with_db;
  if (login_.database.empty()) login_.flags &= ~protocol::client_connect_with_db;
  pauses pause(connection_, until_);
  auto last = recovery_failure{recovery_obstacle::backend_unreachable, "many others wait for it"};
  do {
    auto place = connection_.cluster().recoveries().enter();
    if (!place || !connection_.cluster().away().may_try(clock::now())) continue;
    auto failed = co_await try_all();
    const bool reached = !failed || is_final_;
    reached ? connection_.cluster().away().succeeded() : connection_.cluster().away().failed(clock::now());
    if (!failed) co_return recovery_start{made_, std::move(*place)};
    connection_.detach_backend();
    last = std::move(*failed);
  } while (!is_final_ && co_await pause.wait());
  co_return last;
}

awaitable<possible_failure> recovery_login::try_all() {
  possible_failure last = recovery_failure{recovery_obstacle::backend_unreachable, "all that it has are down"};
  for (const auto& each : connection_.cluster().candidates()) {
    last = co_await try_at(each);
    if (!last || is_final_ || connection_.ended()) break;
  }
  co_return last;
}

awaitable<possible_failure> recovery_login::try_at(const backend_ptr& target) {
  const auto time = std::min(left_until(until_), connection_.shared().current.load()->connect_timeout);
  server_opening opening(connection_, login_, target, time);
  if (auto failed = co_await opening.open()) {
    is_final_ = failed->reason == session::stop_reason::login_failed;
    co_return recovery_failure{is_final_ ? recovery_obstacle::server_differs : recovery_obstacle::backend_unreachable,
                               failed->error->message};
  }
  constexpr auto free_to_differ = protocol::transport_capabilities | protocol::client_connect_with_db;
  if (((opening.sent().flags ^ negotiated_) & ~free_to_differ) != 0) {
    is_final_ = true;
    co_return recovery_failure{recovery_obstacle::server_differs, "it has other capabilities"};
  }
  const deadline limit(connection_.home(), time, [this] { connection_.backend()->close(); });
  const auto outcome =
      co_await authenticate_with(opening.channel(), *known_, auth_between(connection_, opening.sent().flags));
  co_return take_verdict(opening, *target, outcome);
}

possible_failure recovery_login::take_verdict(server_opening& opening, backend& target,
                                              const exchange_outcome& outcome) {
  const auto words = fmt::format("{} {}", outcome.error.code, outcome.error.message);
  switch (outcome.how) {
    case exchange_outcome::end::accepted:
      break;
    case exchange_outcome::end::refused:
      target.counted().count_error();
      note_login_failure(connection_, target, outcome.error);
      if (says_full(outcome.error.code)) return recovery_failure{recovery_obstacle::backend_unreachable, words};
      is_final_ = true;
      if (is_about_database(outcome.error)) return recovery_failure{recovery_obstacle::replay_refused, words};
      connection_.note_refusal(*known_, outcome.error);
      return recovery_failure{recovery_obstacle::credentials_refused, words};
    case exchange_outcome::end::cannot_answer:
      is_final_ = true;
      return recovery_failure{recovery_obstacle::no_credentials, outcome.error.message};
    case exchange_outcome::end::lost:
      return recovery_failure{recovery_obstacle::backend_unreachable, "it closed during the login"};
  }
  const auto ok = protocol::parse_ok_packet(outcome.ok, opening.sent().flags);
  if (!ok) return recovery_failure{recovery_obstacle::backend_unreachable, "it sent a malformed OK"};
  target.counted().count_login();
  compress_backend(opening.connection(), opening.sent(), connection_.shared().settings, opening.channel().take_rest());
  made_ = {opening.sent().flags, ok->status};
  return std::nullopt;
}

}  // namespace

awaitable<std::variant<recovery_failure, recovery_start>> log_in_again(client_connection& connection,
                                                                       const protocol::handshake_response& login,
                                                                       protocol::capabilities negotiated,
                                                                       recovery_deadline until) {
  recovery_login under_way(connection, login, negotiated, until);
  co_return co_await under_way.run();
}

}  // namespace sessiongate::proxy
