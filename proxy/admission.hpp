// Who may come in: how many connections there may be, how many of one user, how many logins at a time from one address,
// and how much memory logins may hold together. Shared by all threads. Asked at accept, at login and at the end of a
// session, never on the data path.
//
// What was let in holds a `place`, which gives itself back when it dies.
#pragma once

#include "proxy/config.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace sessiongate::proxy {

/// How many there are now, up to a limit (0: none). In the reserve above the limit are those who may come in to look
/// after the proxy.
class connection_limit {
 public:
  class place {
   public:
    place() = default;
    place(place&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), reserve_(std::exchange(other.reserve_, false)) {}
    place& operator=(place&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(reserve_, other.reserve_);
      return *this;
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (of_ != nullptr) of_->taken_.fetch_sub(1, std::memory_order_relaxed);
    }
    /// It was given out of the reserve, and there is no ordinary place for it even now.
    [[nodiscard]] bool in_reserve() const { return reserve_ && of_->taken() > of_->max_; }

   private:
    friend class connection_limit;
    place(connection_limit* of, bool reserve) : of_(of), reserve_(reserve) {}
    connection_limit* of_ = nullptr;
    bool reserve_ = false;
  };

  connection_limit(std::size_t max, std::size_t reserve) : max_(max), reserve_(reserve) {}

  /// None: even the reserve is full.
  [[nodiscard]] std::optional<place> enter();
  [[nodiscard]] std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t max_;
  const std::size_t reserve_;
  std::atomic<std::size_t> taken_{0};
};

/// How many there are of each name, up to a limit for each (0: none, and nothing is counted).
class name_limit {
 public:
  class place {
   public:
    place() = default;
    place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)), name_(std::move(other.name_)) {}
    place& operator=(place&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(name_, other.name_);
      return *this;
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (of_ != nullptr) of_->leave(name_);
    }

   private:
    friend class name_limit;
    place(name_limit* of, std::string name) : of_(of), name_(std::move(name)) {}
    name_limit* of_ = nullptr;
    std::string name_;
  };

  explicit name_limit(std::size_t max) : max_(max) {}

  /// None: there are as many of this name as may be.
  [[nodiscard]] std::optional<place> enter(const std::string& name);
  [[nodiscard]] bool full(const std::string& name) const;

 private:
  void leave(const std::string& name);

  const std::size_t max_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<std::string, std::size_t> counts_;
};

/// Bytes that many may hold together.
class memory_budget {
 public:
  explicit memory_budget(std::size_t max) : max_(max) {}

  /// False: so much is not left.
  [[nodiscard]] bool take(std::size_t size);
  void give_back(std::size_t size) { taken_.fetch_sub(size, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> taken_{0};
};

struct admission {
  explicit admission(const config& settings)
      : connections(settings.max_connections, settings.admin_connections),
        users(settings.max_user_connections),
        logins(settings.login_max_per_address),
        login_memory(settings.login_memory_max) {}

  connection_limit connections;
  name_limit users;   // by the backend account's name
  name_limit logins;  // in progress, by address
  memory_budget login_memory;
};

}  // namespace sessiongate::proxy
