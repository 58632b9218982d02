#include "proxy/token_file.hpp"

#include "proxy/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds look_interval{1};

}  // namespace

admin::access_tokens read_tokens(const config& settings, std::vector<std::string>& errors) {
  admin::access_tokens tokens;
  if (!settings.admin_token.empty()) tokens.add("admin", admin::token_role::admin, settings.admin_token);
  const auto& path = settings.admin_tokens_file;
  if (path.empty()) return tokens;
  const auto content = read_secret_file(path);
  if (!content) {
    errors.push_back(fmt::format("--admin-tokens-file: cannot read {}", path));
    return tokens;
  }
  std::vector<std::string> wrong;
  tokens.read(protocol::as_text(*content), wrong);
  for (const auto& each : wrong) errors.push_back(fmt::format("--admin-tokens-file: {}: {}", path, each));
  return tokens;
}

token_reload::token_reload(asio::io_context& home, const config& settings, taker take)
    : home_(home),
      settings_(settings),
      take_(std::move(take)),
      signals_(home, SIGHUP),
      pause_(home),
      seen_(changed_at()) {}

void token_reload::start() {
  asio::co_spawn(home_, wait_for_signals(), asio::detached);
  if (!settings_.admin_tokens_file.empty()) asio::co_spawn(home_, watch(), asio::detached);
}

void token_reload::stop() {
  stopped_ = true;
  signals_.cancel();
  pause_.cancel();
}

/// Of the file that a link leads to: mounted secrets are exchanged by pointing a link elsewhere.
std::filesystem::file_time_type token_reload::changed_at() const {
  std::error_code missing;
  const auto at = std::filesystem::last_write_time(settings_.admin_tokens_file, missing);
  return missing ? std::filesystem::file_time_type::min() : at;
}

asio::awaitable<void> token_reload::wait_for_signals() {
  while (!stopped_) {
    const auto [ec, number] = co_await signals_.async_wait(io);
    if (!ec) reload();
  }
}

asio::awaitable<void> token_reload::watch() {
  while (!stopped_) {
    pause_.expires_after(look_interval);
    const auto [ec] = co_await pause_.async_wait(io);
    if (!ec && changed_at() != seen_) reload();
  }
}

void token_reload::reload() {
  seen_ = changed_at();
  std::vector<std::string> errors;
  auto tokens = read_tokens(settings_, errors);
  if (!errors.empty()) {
    log_event(log_level::error, "tokens_not_reloaded", {{"error", fmt::format("{}", fmt::join(errors, "; "))}});
    return;
  }
  log_event(log_level::info, "tokens_reloaded", {{"tokens", tokens.size()}});
  take_(std::move(tokens));
}

}  // namespace sessiongate::proxy
