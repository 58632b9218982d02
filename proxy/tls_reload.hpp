// Takes up new certificates while the proxy runs: on SIGHUP, and when the files of TLS have changed. What cannot be
// used is refused with a line in the log, and what was there stays. Lives on the admin thread.
#pragma once

#include "proxy/tls_context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>

namespace sessiongate::proxy {

class tls_reload {
 public:
  tls_reload(boost::asio::io_context& home, const config& settings, tls_context& tls)
      : home_(home), settings_(settings), tls_(tls), signals_(home, SIGHUP), pause_(home) {}

  void start();
  void stop();

 private:
  boost::asio::awaitable<void> wait_for_signals();
  boost::asio::awaitable<void> watch_files();
  void reload();

  boost::asio::io_context& home_;
  const config& settings_;
  tls_context& tls_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer pause_;
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
