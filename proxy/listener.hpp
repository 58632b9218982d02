// Accepts clients, over TCP or on a Unix socket, and gives each to the worker with the fewest sessions. Runs on one
// worker's thread.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/socket_file.hpp"
#include "proxy/worker.hpp"

#include "admin/socket_address.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>
#include <span>

namespace sessiongate::proxy {

class listener {
 public:
  /// Throws boost::system::system_error when the address cannot be listened on (start-up only).
  listener(gateway& shared, worker& home, std::span<const std::unique_ptr<worker>> workers,
           const session::endpoint& at);

  /// Where it listens: with the port that was taken for port 0.
  [[nodiscard]] session::endpoint address() const;

  void start();
  /// On the home worker's thread.
  void stop();

 private:
  boost::asio::awaitable<void> run();
  worker& least_loaded();
  void listen_on(const admin::socket_address& at);
  bool accept_waiting();
  session::client_session_ids take_ids();
  void welcome(worker& home, int accepted, session::endpoint client);
  void turn_away(int accepted, const session::endpoint& client);

  gateway& shared_;
  worker& home_;
  std::span<const std::unique_ptr<worker>> workers_;
  session::endpoint wanted_;
  socket_file file_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
};

}  // namespace sessiongate::proxy
