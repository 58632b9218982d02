#include "proxy/listener.hpp"

#include "proxy/client_connection.hpp"
#include "proxy/error_reply.hpp"
#include "proxy/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds accept_back_off{100};  // out of descriptors: waiting helps, spinning does not
constexpr auto io = asio::as_tuple(asio::use_awaitable);

}  // namespace

listener::listener(gateway& shared, worker& home, std::span<const std::unique_ptr<worker>> workers,
                   const session::endpoint& at)
    : shared_(shared), home_(home), workers_(workers), wanted_(at), file_(at), acceptor_(home.executor()) {
  try {
    listen_on(admin::to_socket_address(at));
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + at.text());
  }
}

session::endpoint listener::address() const {
  return wanted_.is_unix() ? wanted_ : admin::to_endpoint(acceptor_.local_endpoint());
}

void listener::listen_on(const admin::socket_address& at) {
  acceptor_.open(at.protocol());
  acceptor_.set_option(asio::socket_base::reuse_address(true));
  acceptor_.bind(at);
  file_.bound(shared_.settings.listen_socket_mode);
  configure_socket(acceptor_.native_handle());
  acceptor_.non_blocking(true);
  acceptor_.listen(static_cast<int>(shared_.settings.listen_backlog));
}

void listener::start() {
  asio::co_spawn(home_.executor(), run(), asio::detached);
}

void listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
}

worker& listener::least_loaded() {
  return **std::ranges::min_element(workers_, {}, [](const auto& each) { return each->load(); });
}

asio::awaitable<void> listener::run() {
  for (;;) {
    const auto [ec] = co_await acceptor_.async_wait(asio::socket_base::wait_read, io);
    if (ec) break;
    if (accept_waiting()) continue;
    log_event(log_level::error, "accept_failed", {{"error", std::system_category().message(errno)}});
    asio::steady_timer pause(home_.executor(), accept_back_off);
    co_await pause.async_wait(io);
  }
}

/// False when accepting does not work (errno tells), so that trying again at once would not help.
bool listener::accept_waiting() {
  for (;;) {
    admin::socket_address client;
    auto size = static_cast<socklen_t>(client.capacity());
    const int descriptor = ::accept4(acceptor_.native_handle(), client.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    client.resize(size);
    welcome(least_loaded(), descriptor, admin::to_endpoint(client));
  }
}

/// An id that a record still has would mean two sessions to who reads it.
session::client_session_ids listener::take_ids() {
  while (true) {
    const auto ids = shared_.ids.next_client_session();
    const bool is_taken =
        !shared_.sessions.find(ids.cs_id).empty() || shared_.closed.holds(ids.cs_id) || shared_.trail.holds(ids.cs_id);
    if (!is_taken) return ids;
  }
}

void listener::welcome(worker& home, int accepted, session::endpoint client) {
  auto place = shared_.entrance.connections.enter();
  if (!place) return turn_away(accepted, client);
  auto connection =
      std::make_shared<client_connection>(shared_, home, accepted, take_ids(), std::move(client), std::move(*place));
  if (!shared_.sessions.add(connection)) {
    log_event(log_level::error, "id_clash", {{"cs_id", connection->cs_id()}});
    return;
  }
  asio::dispatch(home.executor(), [connection] { connection->start(); });
}

/// In place of the greeting, as servers do. What the peer has sent is read first: closing with bytes unread would reset
/// the connection, and the error could be lost with it.
void listener::turn_away(int accepted, const session::endpoint& client) {
  auto& counters = home_.counters();
  counters.accepted.add(1);
  counters.stops[static_cast<std::size_t>(session::stop_reason::too_many_connections)].add(1);
  log_event(log_level::info, "connection_refused",
            {{"client", client.text()}, {"reason", session::to_text(session::stop_reason::too_many_connections)}});
  stream told(home_.poller(), accepted);
  std::ignore = told.read_some(home_.buffer());
  send_last_error(told, {protocol::er::con_count_error, {}, "Too many connections"}, 0);
}

}  // namespace sessiongate::proxy
