#include "proxy/listener.hpp"

#include "proxy/client_connection.hpp"
#include "proxy/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds accept_back_off{100};  // out of descriptors: waiting helps, spinning does not
constexpr auto io = asio::as_tuple(asio::use_awaitable);

tcp::endpoint to_listen_address(const session::endpoint& wanted) {
  return {asio::ip::make_address(wanted.address), wanted.port};
}

}  // namespace

listener::listener(gateway& shared, worker& home, std::span<const std::unique_ptr<worker>> workers)
    : shared_(shared), home_(home), workers_(workers), acceptor_(home.context()) {
  const auto at = to_listen_address(shared.settings.listen);
  acceptor_.open(at.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(at);
  acceptor_.listen(static_cast<int>(shared.settings.listen_backlog));
}

void listener::start() { asio::co_spawn(home_.context(), run(), asio::detached); }

void listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
}

worker& listener::least_loaded() {
  return **std::ranges::min_element(workers_, {}, [](const auto& each) { return each->load(); });
}

asio::awaitable<void> listener::run() {
  while (acceptor_.is_open()) {
    auto& chosen = least_loaded();
    auto [ec, accepted] = co_await acceptor_.async_accept(chosen.context(), io);
    if (ec == asio::error::operation_aborted) break;
    if (!ec) {
      welcome(chosen, std::move(accepted));
      continue;
    }
    log_event(log_level::error, "accept_failed", {{"error", ec.message()}});
    asio::steady_timer pause(home_.context(), accept_back_off);
    co_await pause.async_wait(io);
  }
}

void listener::welcome(worker& home, tcp::socket accepted) {
  error_code ec;
  const auto remote = accepted.remote_endpoint(ec);
  if (ec) return;  // gone already
  stream client(std::move(accepted));
  client.configure();
  auto connection = std::make_shared<client_connection>(shared_, home, std::move(client),
                                                        shared_.ids.next_client_session(), to_endpoint(remote));
  if (!shared_.sessions.add(connection)) {
    log_event(log_level::error, "id_clash", {{"cs_id", connection->cs_id()}});
    return;
  }
  asio::dispatch(home.context(), [connection] { connection->start(); });
}

}  // namespace sessiongate::proxy
