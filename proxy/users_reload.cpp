#include "proxy/users_reload.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds look_interval{1};

std::vector<file_stamp> stamps(const credential_store& of) {
  std::vector<file_stamp> found;
  for (const auto& each : of.files()) found.push_back(stamp_of(each));
  return found;
}

}  // namespace

users_reload::users_reload(asio::io_context& home, cluster_set& clusters)
    : home_(home), signals_(home, SIGHUP), pause_(home) {
  for (const auto& each : clusters.all()) {
    auto& store = each->credentials();
    if (store.mode() == credentials_mode::users) stores_.push_back({&store, stamps(store)});
  }
}

void users_reload::start() {
  if (stores_.empty()) return;
  asio::co_spawn(home_, wait_for_signals(), asio::detached);
  asio::co_spawn(home_, watch(), asio::detached);
}

void users_reload::stop() {
  stopped_ = true;
  signals_.cancel();
  pause_.cancel();
}

/// What is written while it is read is found changed by the next look.
void users_reload::reload(watched& each) {
  each.seen = stamps(*each.store);
  each.store->reload();
  if (each.store->files().size() != each.seen.size()) each.seen = stamps(*each.store);
}

asio::awaitable<void> users_reload::wait_for_signals() {
  while (!stopped_) {
    const auto [ec, number] = co_await signals_.async_wait(io);
    if (ec) break;
    for (auto& each : stores_) reload(each);
  }
}

asio::awaitable<void> users_reload::watch() {
  while (!stopped_) {
    pause_.expires_after(look_interval);
    const auto [ec] = co_await pause_.async_wait(io);
    if (ec) break;
    for (auto& each : stores_) {
      if (stamps(*each.store) != each.seen) reload(each);
    }
  }
}

}  // namespace sessiongate::proxy
