#include "proxy/tls_reload.hpp"

#include "proxy/file_stamp.hpp"
#include "proxy/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <vector>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);

std::vector<file_stamp> stamps(const config& settings) {
  return {stamp_of(settings.client_tls_cert),  stamp_of(settings.client_tls_key),  stamp_of(settings.client_tls_ca),
          stamp_of(settings.backend_tls_cert), stamp_of(settings.backend_tls_key), stamp_of(settings.backend_tls_ca)};
}

}  // namespace

void tls_reload::start() {
  asio::co_spawn(home_, wait_for_signals(), asio::detached);
  if (settings_.tls_reload_interval.count() > 0) asio::co_spawn(home_, watch_files(), asio::detached);
}

void tls_reload::stop() {
  stopped_ = true;
  signals_.cancel();
  pause_.cancel();
}

void tls_reload::reload() {
  try {
    tls_.reload();
    log_event(log_level::info, "tls_reloaded", {});
  } catch (const std::exception& wrong) {
    log_event(log_level::error, "tls_reload_refused", {{"error", wrong.what()}});
  }
}

asio::awaitable<void> tls_reload::wait_for_signals() {
  while (!stopped_) {
    const auto [ec, number] = co_await signals_.async_wait(io);
    if (ec) break;
    reload();
  }
}

/// A certificate and its key are two files, so one may be new and the other old for a moment: that is refused, and the
/// next look finds the other changed.
asio::awaitable<void> tls_reload::watch_files() {
  auto known = stamps(settings_);
  while (!stopped_) {
    pause_.expires_after(settings_.tls_reload_interval);
    const auto [ec] = co_await pause_.async_wait(io);
    if (ec) break;
    auto found = stamps(settings_);
    if (found == known) continue;
    known = std::move(found);
    reload();
  }
}

}  // namespace sessiongate::proxy
