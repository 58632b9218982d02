// Takes up changed files of users while the proxy runs: on SIGHUP, and when a file of them has changed. Lives on the
// admin thread.
#pragma once

#include "proxy/cluster_set.hpp"
#include "proxy/file_stamp.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <vector>

namespace sessiongate::proxy {

class users_reload {
 public:
  users_reload(boost::asio::io_context& home, cluster_set& clusters);

  void start();
  void stop();

 private:
  struct watched {
    credential_store* store;
    std::vector<file_stamp> seen;
  };
  boost::asio::awaitable<void> wait_for_signals();
  boost::asio::awaitable<void> watch();
  static void reload(watched& each);

  boost::asio::io_context& home_;
  std::vector<watched> stores_;  // those with files
  boost::asio::signal_set signals_;
  boost::asio::steady_timer pause_;
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
