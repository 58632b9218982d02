// Serves the HTTP API (http_api.hpp) on one address. Runs wholly on the executor it is given, the admin thread's; only
// stop() may be called from another thread.
#pragma once

#include "admin/access_tokens.hpp"
#include "admin/event_readers.hpp"
#include "admin/execute.hpp"
#include "admin/login_throttle.hpp"
#include "admin/socket_address.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sessiongate::admin {

struct http_server_options {
  access_tokens tokens{};                         // none: only the open pages answer
  login_throttle* throttle = nullptr;             // slows down those who guess; null: nobody
  std::size_t connections_max = 256;              // one more is answered with 503 and closed
  std::uint32_t header_max = 16 * 1024;           // bytes
  std::size_t body_max = std::size_t{64} * 1024;  // bytes
  std::chrono::milliseconds request_timeout{
      30'000};                          // to receive a request, from its predecessor's answer; to send one
  event_log* events = nullptr;          // for those who follow them; null: nobody can
  event_reader_limits event_readers{};  // its write_timeout is request_timeout
};

/// What the open pages show; called on the admin thread.
struct http_pages {
  std::function<bool()> ready;           // false: /readyz answers 503
  std::function<std::string()> metrics;  // Prometheus text
  /// Called once for each answered request with what is to be logged: address, method, target, status, who, outcome.
  std::function<void(std::string_view line)> log;
};

class http_server {
 public:
  /// Throws boost::system::system_error when the address cannot be listened on (start-up only).
  http_server(const boost::asio::any_io_executor& executor, const socket_address& at, http_server_options options,
              http_pages pages, execution_context& context);
  /// Stops. What still runs keeps what it needs, but the context: run the executor dry before that dies.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// The port it listens on (for port 0); 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t token_count() const;
  /// Accepts until stop().
  void start();
  /// From now on these are the tokens; who follows events has to come back with one. On the executor's thread.
  void set_tokens(access_tokens tokens);
  /// Closes the listener and all connections, soon. Any thread; idempotent.
  void stop();

 private:
  struct implementation;
  std::shared_ptr<implementation> self_;
};

}  // namespace sessiongate::admin
