// One backend of a cluster: where it is, what its last greeting said, and how it was last found. Any thread.
#pragma once

#include "proxy/backend_counters.hpp"

#include "admin/socket_address.hpp"
#include "protocol/greeting.hpp"
#include "session/endpoint.hpp"
#include "session/published.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

/// What the proxy found when it last tried to get there.
enum class backend_health : std::uint8_t { unknown, ready, unreachable, unresolved };
std::string_view to_text(backend_health health);

class backend {
 public:
  using addresses = std::vector<admin::socket_address>;

  /// A numeric address and a Unix socket are resolved from the start; a name has none until set_addresses().
  explicit backend(const session::endpoint& configured, std::uint32_t weight = 1);

  /// As configured; shared by the server sessions that show it.
  [[nodiscard]] const std::shared_ptr<const session::endpoint>& name() const { return name_; }
  [[nodiscard]] bool needs_no_lookup() const { return fixed_; }
  [[nodiscard]] std::uint32_t weight() const { return weight_; }

  [[nodiscard]] std::shared_ptr<const addresses> resolved() const { return addresses_.load(); }
  void set_addresses(addresses found) { addresses_.store(std::move(found)); }

  /// The last greeting seen; protocol 4.1 flags zero until there was one.
  [[nodiscard]] std::shared_ptr<const protocol::greeting> last_greeting() const { return greeting_.load(); }
  [[nodiscard]] bool has_greeted() const { return last_greeting()->flags != 0; }
  /// Publishes only what differs: most logins see the same greeting but for its id and nonce. False: nothing does.
  bool learn(const protocol::greeting& seen);

  [[nodiscard]] backend_counters& counted() { return counted_; }
  [[nodiscard]] const backend_counters& counted() const { return counted_; }

  [[nodiscard]] backend_health health() const { return health_.load(std::memory_order_relaxed); }
  /// False: that is what it was found to be before.
  bool turn(backend_health now) {
    return health_.load(std::memory_order_relaxed) != now && health_.exchange(now) != now;
  }

 private:
  std::shared_ptr<const session::endpoint> name_;
  bool fixed_ = false;
  std::uint32_t weight_;
  backend_counters counted_;
  std::atomic<backend_health> health_{backend_health::unknown};
  session::published<addresses> addresses_{addresses()};
  session::published<protocol::greeting> greeting_{protocol::greeting()};
};

}  // namespace sessiongate::proxy
