// The control account at one backend: an account of the configuration that interrupts statements there for killers who
// have no server session of their own. Its connections are kept and used again, are limited in number, and live on the
// admin thread; any thread may ask for a kill.
//
// Who finds all of them at work waits for his turn. Who finds that no more can be made, because the last login failed,
// gets that login's answer for a short while, and until one has succeeded there is one login at a time to an address: a
// backend that is away or refuses is not stormed.
#pragma once

#include "proxy/auth_keys.hpp"
#include "proxy/backend.hpp"
#include "proxy/config.hpp"
#include "proxy/control_connection.hpp"
#include "proxy/server_identity.hpp"
#include "proxy/stream.hpp"
#include "proxy/tls_context.hpp"

#include "admin/backend_interrupter.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sessiongate::proxy {

class control_account {
 public:
  /// Of the account that `owner` names. `home` is the admin thread's.
  control_account(const config& settings, const cluster_settings& owner, const backend& server, const auth_keys& keys,
                  const tls_context& tls, poller& home);

  // Any thread.
  [[nodiscard]] bool configured() const { return !owner_.control_user.empty(); }
  /// Answers within kill_timeout, on the caller's executor. What is killed is this thread or nothing.
  awaitable<admin::interrupt_answer> kill(admin::backend_thread which, admin::interrupt_scope scope);
  struct told {
    std::optional<admin::interrupt_answer> error;
    protocol::bytes packets;  // that answered; for read_rows()
  };
  /// Runs a statement that changes nothing, within kill_timeout. The admin thread.
  awaitable<told> ask(std::string statement);
  /// Connections there are, and kills that wait for one.
  [[nodiscard]] std::size_t connections() const { return open_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  /// Makes the first connection, so that a mistake in the account shows at start and the first kill is quick.
  void warm_up();

  // The admin thread.
  /// Closes what is idle; what is under way ends within kill_timeout.
  void stop();

 private:
  using clock = std::chrono::steady_clock;
  using connection_ptr = std::shared_ptr<control_connection>;
  using address = std::optional<session::endpoint>;  // none: whichever of the backend's answers
  class errand;
  using errand_ptr = std::shared_ptr<errand>;
  struct lease {
    connection_ptr connection;
    bool is_new = false;
  };
  struct idle_connection {
    connection_ptr connection;
    clock::time_point since;
  };
  struct login_failure {
    address peer;
    admin::interrupt_answer answer;
    std::chrono::milliseconds pause{};
    clock::time_point until;
  };

  awaitable<admin::interrupt_answer> run(admin::backend_thread which, admin::interrupt_scope scope);
  awaitable<admin::interrupt_answer> attempt(errand_ptr job, admin::backend_thread which, admin::interrupt_scope scope);
  awaitable<lease> take(errand_ptr job, bool fresh);
  awaitable<lease> make(errand_ptr job, address peer);
  [[nodiscard]] std::vector<std::uint32_t> waiting_at(const session::endpoint& peer) const;
  awaitable<void> wait_for_turn(errand_ptr job);
  awaitable<void> warm();
  connection_ptr take_idle(const session::connection_origin& meant);
  bool make_room();
  void welcome(control_connection& made);
  void give_back(const connection_ptr& connection, bool usable);
  void close(const connection_ptr& connection);
  void note_failure(const address& peer, const admin::interrupt_answer& answer);
  [[nodiscard]] bool must_pause(const address& peer) const;
  [[nodiscard]] bool is_being_tried(const address& peer) const;
  void wake_one();
  void wake_all();
  void look_at_idle();
  void close_idle_if(const std::function<bool(const idle_connection&)>& stale);

  const config& settings_;
  const cluster_settings& owner_;
  const backend& server_;
  const auth_keys& keys_;
  const tls_context& tls_;
  poller& home_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> waiting_{0};
  // The admin thread only.
  std::deque<idle_connection> idle_;  // the one used last at the end
  std::deque<errand*> queue_;         // who waits for a connection
  std::vector<address> logging_in_;   // where logins are under way
  bool succeeded_ = false;            // the last login
  std::optional<login_failure> failure_;
  known_servers known_;
  boost::asio::steady_timer idle_look_;
  bool looking_ = false;  // at idle_, when the timer says so
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
