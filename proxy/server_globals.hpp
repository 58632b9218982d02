// The global variables of a backend's server, as its health checks have read them: what the variables of a session are
// that has not touched them, for they are the globals of the time at which it logged in.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::proxy {

/// Immutable. Names are as the server gives them.
class server_globals {
 public:
  using variable = std::pair<std::string, std::string>;

  /// Without those that change by themselves and that no session has: positions of the binary log.
  explicit server_globals(std::vector<variable> read);

  [[nodiscard]] const std::vector<variable>& all() const { return sorted_; }
  /// Null: there is none of the name.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  bool operator==(const server_globals&) const = default;

 private:
  std::vector<variable> sorted_;  // by name
};

/// Which were in force when. One thread adds, any asks.
class globals_history {
 public:
  using clock = std::chrono::steady_clock;

  /// They were read by a question sent at `asked`. `unbroken`: over the same connection as the ones before, so the
  /// server was not restarted in between; what was read both times was in force all the time between.
  void add(server_globals read, clock::time_point asked, bool unbroken);

  struct known {
    std::shared_ptr<const server_globals> variables;  // null: see reason
    std::string_view reason;
  };
  [[nodiscard]] known at(clock::time_point when) const;

 private:
  struct span {
    std::shared_ptr<const server_globals> variables;
    clock::time_point first;
    clock::time_point last;
  };

  mutable std::mutex mutex_;
  std::deque<span> spans_;  // the latest at the end
};

}  // namespace sessiongate::proxy
