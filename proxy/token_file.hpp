// The tokens of the HTTP API, where they come from, and taking up a changed file while the proxy runs.
#pragma once

#include "proxy/config.hpp"

#include "admin/access_tokens.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

/// The one of --admin-token-file, as `admin` with that role, and those of --admin-tokens-file. What is wrong is
/// appended to `errors`, without anything of a token.
admin::access_tokens read_tokens(const config& settings, std::vector<std::string>& errors);

/// Reads the file again on SIGHUP and when it has changed, and hands the tokens out. A file that cannot be used changes
/// nothing but the log. Lives on the admin thread.
class token_reload {
 public:
  using taker = std::function<void(admin::access_tokens)>;

  token_reload(boost::asio::io_context& home, const config& settings, taker take);

  void start();
  void stop();

 private:
  boost::asio::awaitable<void> wait_for_signals();
  boost::asio::awaitable<void> watch();
  void reload();
  [[nodiscard]] std::filesystem::file_time_type changed_at() const;

  boost::asio::io_context& home_;
  const config& settings_;
  taker take_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer pause_;
  std::filesystem::file_time_type seen_;
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
