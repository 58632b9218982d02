// The health check of one backend over the control account: is it there, how fast does it answer, is it read-only, what
// are its global variables. One kept connection, on the admin thread.
#pragma once

#include "proxy/control_connection.hpp"
#include "proxy/gateway.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

class health_check : public std::enable_shared_from_this<health_check> {
 public:
  health_check(gateway& shared, cluster& owner, backend_ptr target, poller& on);

  /// Checks again and again, until stop().
  void start();
  void stop();

 private:
  using clock = std::chrono::steady_clock;
  enum class answer : std::uint8_t { read, refused, lost };

  awaitable<void> run(std::shared_ptr<health_check> self);
  awaitable<void> check();
  awaitable<answer> look();
  awaitable<answer> connect();
  awaitable<answer> read_only();
  awaitable<answer> read_globals();
  awaitable<answer> look_at_routines();
  awaitable<std::optional<std::uint64_t>> count(const std::string& question, answer& how);
  [[nodiscard]] bool routines_are_due(clock::time_point now) const;
  void conclude(answer how);

  gateway& shared_;
  cluster& owner_;
  backend_ptr target_;
  poller& on_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<control_connection> connection_;
  bool is_new_ = false;  // the connection was made for this check
  bool late_ = false;
  bool told_ = false;  // that the account is refused
  std::string why_;    // it was refused or lost
  backend::check seen_;
  std::optional<clock::time_point> routines_looked_at_;
  std::vector<std::string> granted_;  // what the account might everywhere, at the connection's login
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
