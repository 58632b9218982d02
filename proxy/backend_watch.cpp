#include "proxy/backend_watch.hpp"

#include "proxy/backend_login.hpp"
#include "proxy/log.hpp"
#include "proxy/session_events.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds resolve_look{20};
constexpr std::chrono::seconds name_refresh{10};
constexpr std::chrono::seconds greeting_retry{1};
constexpr std::chrono::seconds greeting_retry_max{10};

}  // namespace

void backend_watch::start() {
  for (const auto& owner : shared_.clusters.all()) {
    for (const auto& each : owner->backends()) {
      if (!each->needs_no_lookup()) {
        auto& pause = pauses_.emplace_back(shared_.admin_thread);
        asio::co_spawn(shared_.admin_thread, resolve(*owner, each, pause), asio::detached);
      }
      asio::co_spawn(home_.executor(), learn_greeting(*owner, each), asio::detached);
      if (!owner->has_control() || shared_.settings.health_check_interval.count() == 0) continue;
      checks_.push_back(std::make_shared<health_check>(shared_, *owner, each, admin_));
      checks_.back()->start();
    }
  }
}

void backend_watch::stop() {
  for (auto& each : pauses_) each.cancel();
  for (const auto& each : checks_) each->stop();
}

/// At start, so that the first client need not wait for it.
awaitable<void> backend_watch::learn_greeting(cluster& owner, backend_ptr target) {
  asio::steady_timer pause(home_.executor());
  std::chrono::milliseconds wait = greeting_retry;
  bool told = false;
  while (!target->has_greeted() && !shared_.draining.load(std::memory_order_relaxed)) {
    if (target->resolved()->empty()) {  // a name: resolve() is at it, and tells when it fails
      pause.expires_after(resolve_look);
      co_await pause.async_wait(io);
      continue;
    }
    const auto error = co_await probe_backend(home_, shared_, owner, *target);
    if (!error) break;
    if (!told) {
      log_event(log_level::warning, "backend_unreachable",
                {{"cluster", owner.name()},
                 {"backend", target->name()->text()},
                 {"code", error->code},
                 {"error", error->message}});
    }
    told = true;
    pause.expires_after(wait);
    co_await pause.async_wait(io);
    wait = std::min<std::chrono::milliseconds>(wait * 2, greeting_retry_max);
  }
  if (!target->has_greeted() || shared_.draining.load(std::memory_order_relaxed)) co_return;
  // Here, or a health check or a login was first.
  log_event(log_level::info, "backend_ready",
            {{"cluster", owner.name()},
             {"backend", target->name()->text()},
             {"version", target->last_greeting()->server_version}});
  owner.control(*target).warm_up();
}

/// Keeps the addresses of a backend that is configured by name.
awaitable<void> backend_watch::resolve(cluster& owner, backend_ptr target, asio::steady_timer& pause) {
  const auto& name = *target->name();
  asio::ip::tcp::resolver resolver(shared_.admin_thread);
  while (!shared_.draining.load(std::memory_order_relaxed)) {
    const auto [ec, found] = co_await resolver.async_resolve(name.address, std::to_string(name.port), io);
    if (ec) {
      log_event(log_level::warning, "backend_not_resolved", {{"backend", name.text()}, {"error", ec.message()}});
      target->note_lookup();
      // Addresses from before are as good as they were.
      if (target->resolved()->empty())
        note_unreached(shared_, owner, *target, "its name is not resolved: " + ec.message(), true);
    } else {
      backend::addresses addresses;
      for (const auto& each : found) addresses.emplace_back(each.endpoint());
      target->set_addresses(std::move(addresses));
    }
    if (shared_.draining.load(std::memory_order_relaxed)) co_return;
    pause.expires_after(ec ? greeting_retry : name_refresh);
    co_await pause.async_wait(io);
  }
}

}  // namespace sessiongate::proxy
