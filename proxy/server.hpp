// The whole proxy: workers, listener, admin thread, signals. One object, made and run by main().
#pragma once

#include "proxy/backend_watch.hpp"
#include "proxy/credential_learning.hpp"
#include "proxy/gateway.hpp"
#include "proxy/kill_route.hpp"
#include "proxy/listener.hpp"
#include "proxy/proxy_report.hpp"
#include "proxy/tls_reload.hpp"
#include "proxy/token_file.hpp"
#include "proxy/users_reload.hpp"
#include "proxy/worker.hpp"

#include "admin/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace sessiongate::proxy {

class server {
 public:
  /// Throws boost::system::system_error when an address cannot be listened on.
  explicit server(config settings);

  /// Serves until SIGTERM or SIGINT, then drains; a second signal stops at once. The calling thread is the admin
  /// thread.
  void run();

 private:
  void start_http();
  void start_listeners();
  void stop_listeners();
  boost::asio::awaitable<void> wait_for_signals();
  boost::asio::awaitable<void> reopen_audit();
  boost::asio::awaitable<void> drain();
  boost::asio::awaitable<void> wait_for_kills();
  void end_all();
  void each_session_drains();
  void end_workers();
  [[nodiscard]] bool ready() const;

  boost::asio::io_context admin_{1};
  poller admin_poller_{admin_};
  gateway shared_;
  std::vector<std::unique_ptr<worker>> workers_;
  listener listener_;
  std::optional<listener> local_listener_;  // on the second address, when there is one
  std::optional<socket_file> admin_file_;
  kill_route http_route_;
  proxy_report report_;
  admin::execution_context http_context_;
  admin::drains drains_;
  std::optional<admin::http_server> http_;
  tls_reload tls_reload_;
  token_reload token_reload_;
  users_reload users_reload_;
  std::list<credential_learning> learning_;  // one for each cluster that learns
  boost::asio::signal_set signals_;
  boost::asio::signal_set hangups_;
  bool stops_at_once_ = false;
  backend_watch backend_watch_;
};

}  // namespace sessiongate::proxy
