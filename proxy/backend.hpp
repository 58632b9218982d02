// One backend of a cluster: where it is, what its last greeting said, and how it was last found. Any thread.
#pragma once

#include "proxy/backend_counters.hpp"
#include "proxy/backend_health.hpp"
#include "proxy/routine_watch.hpp"
#include "proxy/server_globals.hpp"

#include "admin/proxy_view.hpp"
#include "admin/socket_address.hpp"
#include "protocol/greeting.hpp"
#include "session/endpoint.hpp"
#include "session/published.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

class backend {
 public:
  using addresses = std::vector<admin::socket_address>;

  /// A numeric address and a Unix socket are resolved from the start; a name has none until set_addresses().
  explicit backend(const session::endpoint& configured, std::uint32_t weight = 1, health_limits limits = {});

  /// As configured; shared by the server sessions that show it.
  [[nodiscard]] const std::shared_ptr<const session::endpoint>& name() const { return name_; }
  [[nodiscard]] bool needs_no_lookup() const { return fixed_; }
  [[nodiscard]] std::uint32_t weight() const { return weight_; }

  [[nodiscard]] std::shared_ptr<const addresses> resolved() const { return addresses_.load(); }
  void set_addresses(addresses found) {
    addresses_.store(std::move(found));
    note_lookup();
  }
  /// Its name was looked up, with or without success; before that its addresses are worth waiting for.
  void note_lookup() { looked_up_.store(true, std::memory_order_release); }
  [[nodiscard]] bool looked_up() const { return looked_up_.load(std::memory_order_acquire); }

  /// The last greeting seen; protocol 4.1 flags zero until there was one.
  [[nodiscard]] std::shared_ptr<const protocol::greeting> last_greeting() const { return greeting_.load(); }
  [[nodiscard]] bool has_greeted() const { return last_greeting()->flags != 0; }
  /// Publishes only what differs: most logins see the same greeting but for its id and nonce. False: nothing does.
  bool learn(const protocol::greeting& seen);

  [[nodiscard]] backend_counters& counted() { return counted_; }
  [[nodiscard]] const backend_counters& counted() const { return counted_; }

  [[nodiscard]] backend_health& health() { return health_; }
  [[nodiscard]] const backend_health& health() const { return health_; }

  /// Out of use: logins avoid it.
  [[nodiscard]] bool drained() const { return drained_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::optional<admin::backend_drain> drain() const { return *drain_.load(); }
  /// One at a time.
  void set_drain(std::optional<admin::backend_drain> drain) {
    drained_.store(drain.has_value());
    drain_.store(std::move(drain));
  }

  // What the health checks have found, where there are any.
  [[nodiscard]] globals_history& globals() { return globals_; }
  /// The global variables of its server that were in force then: null, with the reason, when that is not known.
  [[nodiscard]] globals_history::known globals_at(globals_history::clock::time_point when) const {
    return globals_.at(when);
  }
  [[nodiscard]] routine_watch& hidden() { return hidden_; }
  [[nodiscard]] const routine_watch& hidden() const { return hidden_; }
  /// A stored program may have changed the state of a session that has been there since then, and nothing told.
  [[nodiscard]] bool hides_changes(routine_watch::clock::time_point since) const { return hidden_.possible(since); }

  struct check {
    std::string problem;  // why the last one told nothing of the server, though that answered; empty: it did
    std::optional<bool> read_only;
    std::chrono::microseconds took{0};  // zero: there was none yet
  };
  [[nodiscard]] std::shared_ptr<const check> last_check() const { return check_.load(); }
  void note_check(check done) { check_.store(std::move(done)); }

 private:
  std::shared_ptr<const session::endpoint> name_;
  bool fixed_ = false;
  std::uint32_t weight_;
  backend_counters counted_;
  backend_health health_;
  std::atomic<bool> drained_{false};
  session::published<std::optional<admin::backend_drain>> drain_{std::optional<admin::backend_drain>()};
  globals_history globals_;
  routine_watch hidden_;
  session::published<check> check_{check()};
  std::atomic<bool> looked_up_{false};
  session::published<addresses> addresses_{addresses()};
  session::published<protocol::greeting> greeting_{protocol::greeting()};
};

}  // namespace sessiongate::proxy
