// Accepts clients and gives each to the worker with the fewest sessions. Runs on one worker's thread.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <span>

namespace sessiongate::proxy {

class listener {
 public:
  /// Throws boost::system::system_error when the address cannot be listened on (start-up only).
  listener(gateway& shared, worker& home, std::span<const std::unique_ptr<worker>> workers);

  /// The port it listens on (for port 0).
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void start();
  /// On the home worker's thread.
  void stop();

 private:
  boost::asio::awaitable<void> run();
  worker& least_loaded();
  void listen_on(const boost::asio::ip::tcp::endpoint& at);
  bool accept_waiting();
  void welcome(worker& home, int accepted, session::endpoint client);
  void turn_away(int accepted, const session::endpoint& client);

  gateway& shared_;
  worker& home_;
  std::span<const std::unique_ptr<worker>> workers_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace sessiongate::proxy
