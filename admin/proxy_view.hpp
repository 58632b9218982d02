// What the admin commands see of the proxy around the sessions, and may change in it. Implemented in proxy/
// (proxy_report.hpp). Every member may be called from any thread; what they give is a copy.
#pragma once

#include "admin/result.hpp"

#include "session/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

struct proxy_setting {
  std::string name;
  std::string value;  // secrets masked
  std::string info;
  bool need_reboot = true;  // a change takes effect at the next start only
};

struct proxy_statistic {
  std::string name;  // as on the metrics page, without the prefix
  std::uint64_t value = 0;
};

struct proxy_thread {
  std::int32_t tid = 0;
  std::uint64_t client_sessions = 0;
  std::uint64_t accepted = 0;
  std::uint64_t logins = 0;
  std::uint64_t commands = 0;
  std::uint64_t admin_commands = 0;
  std::uint64_t client_bytes = 0;  // received
  std::uint64_t backend_bytes = 0;
};

struct memory_use {
  std::string name;
  std::string type;         // "process", "heap", "buffer" or "record"
  std::uint64_t hold = 0;   // bytes
  std::uint64_t used = 0;   // bytes of them in use
  std::uint64_t count = 0;  // of what is held
};

struct proxy_fact {
  std::string name;
  std::string info;
};

struct proxy_backend {
  std::string cluster;
  std::string address;  // as configured
  std::string version;  // empty: not known yet
  std::string state;    // "unknown", "up", "suspect", "down"; "draining", "drained"
  std::string health;   // the same without the last two
  std::uint64_t server_sessions = 0;
  std::string reason;  // of the state; empty: none
  std::chrono::system_clock::time_point since;
  std::optional<std::chrono::milliseconds> retry;  // about how long until it is tried again; none: it is well
  std::string addresses;                           // what its name leads to, separated by commas; empty: not resolved
  std::string order;                               // of its cluster
  std::uint64_t weight = 0;
  std::string credentials;  // of its cluster
  std::uint64_t logins = 0;
  std::uint64_t failures = 0;                // connections that could not be made
  std::chrono::microseconds connect_time{};  // of the last session's connection; zero: there was none
  // By the health checks, as far as there are any.
  std::chrono::microseconds check_time{};  // zero: there was none
  std::string check_problem;               // why they tell nothing; empty: they do
  std::optional<bool> read_only;
  std::optional<std::uint64_t> risky_routines;  // that may change a session's state unseen
};

/// A backend out of use.
struct backend_drain {
  std::string by{};
  std::string reason{};
  std::chrono::system_clock::time_point since{};
  std::uint64_t number = 0;  // of the drain of its sessions; 0: not begun yet
};

struct found_backend {
  std::string cluster;
  std::shared_ptr<const session::endpoint> name;  // the one that its server sessions share
};

class proxy_view {
 public:
  virtual ~proxy_view() = default;

  [[nodiscard]] virtual std::vector<proxy_setting> settings() const = 0;
  /// Changes a setting now. failure: there is none of the name (1193), it is read at start only (1238), or the value is
  /// none for it (1231).
  virtual std::variant<acknowledgement, failure> change_setting(std::string_view name, std::string_view value) = 0;

  [[nodiscard]] virtual std::vector<proxy_statistic> statistics() const = 0;
  [[nodiscard]] virtual std::vector<proxy_thread> threads() const = 0;
  [[nodiscard]] virtual std::vector<memory_use> memory() const = 0;
  [[nodiscard]] virtual std::vector<proxy_fact> facts() const = 0;
  [[nodiscard]] virtual std::vector<proxy_backend> backends() const = 0;
  /// None: there is no such cluster, or no such backend in it.
  [[nodiscard]] virtual std::optional<found_backend> find_backend(std::string_view cluster,
                                                                  std::string_view backend) const = 0;
  /// From now on logins avoid the backend, or, without a drain, not any more. Gives what was before.
  virtual std::optional<backend_drain> set_drained(const found_backend& which, std::optional<backend_drain> drain) = 0;
};

}  // namespace sessiongate::admin
