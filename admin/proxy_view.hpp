// What the admin commands see of the proxy around the sessions, and may change in it. Implemented in proxy/
// (proxy_report.hpp). Every member may be called from any thread; what they give is a copy.
#pragma once

#include "admin/result.hpp"

#include <chrono>
#include <cstdint>
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
  std::string address;
  std::string version;  // empty: not known yet
  std::string state;    // "ready", "unresolved" or "unreached"
  std::uint64_t server_sessions = 0;
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
};

}  // namespace sessiongate::admin
