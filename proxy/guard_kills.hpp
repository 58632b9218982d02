// What guards end and interrupt, carried out like any kill (admin/kill.hpp): over the control account, counted, logged
// and recorded. Asked by workers; works on the admin thread.
#pragma once

#include "proxy/cluster_set.hpp"
#include "proxy/guard_rules.hpp"

#include "admin/kill_counters.hpp"
#include "admin/kill_log.hpp"
#include "session/registry.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace sessiongate::proxy {

class guard_kills {
 public:
  /// `home` is the admin thread's. All must outlive this.
  guard_kills(boost::asio::io_context& home, const config& settings, session::registry& sessions, cluster_set& clusters,
              admin::kill_log& trail, admin::kill_counters& kills)
      : home_(home), settings_(settings), sessions_(sessions), clusters_(clusters), trail_(trail), kills_(kills) {}

  // Any thread.
  /// Whether a statement there can be interrupted without ending its session.
  [[nodiscard]] bool can_interrupt(const session::server_session& on) const { return clusters_.has_control(on); }
  /// The session is being closed by the caller; `left` is what it leaves running.
  void finish(guard which, admin::kill_record begun, admin::kill_outcome target, session::stop_report left);
  /// A gentle stop has come to its end.
  void conclude(guard which, admin::kill_record begun, const admin::kill_outcome& outcome);
  /// Interrupts the statement that the session runs, while `request` is the last that it has sent. When that cannot be
  /// done the session is ended.
  void interrupt(session::client_session_ptr target, std::uint64_t request);
  [[nodiscard]] std::uint64_t count(guard which) const { return counts_[static_cast<std::size_t>(which)].load(); }

 private:
  boost::asio::awaitable<void> interrupt_left(guard which, admin::kill_record begun, admin::kill_outcome target,
                                              session::stop_report left);
  boost::asio::awaitable<void> interrupt_statement(session::client_session_ptr target, std::uint64_t request);

  boost::asio::io_context& home_;
  const config& settings_;
  session::registry& sessions_;
  cluster_set& clusters_;
  admin::kill_log& trail_;
  admin::kill_counters& kills_;
  std::array<std::atomic<std::uint64_t>, guard_count> counts_{};
};

/// Why a session ends that is beyond the limit of this guard.
session::stop_request stop_request(guard which);

}  // namespace sessiongate::proxy
