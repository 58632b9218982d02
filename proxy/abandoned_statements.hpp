// Statements whose client went away in the middle: closing the connection does not end them on the server, so their
// threads are killed there over the control account, as any kill does it (admin/kill.hpp).
//
// Ten thousand clients may vanish at once: a bounded number of statements waits, for a bounded time, and a bounded
// number is interrupted at a time. What is above only has its connection closed, and is counted.
#pragma once

#include "proxy/cluster_set.hpp"
#include "proxy/config.hpp"

#include "admin/kill_counters.hpp"
#include "admin/kill_log.hpp"
#include "session/client_session.hpp"
#include "session/published.hpp"
#include "session/registry.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace sessiongate::proxy {

class abandoned_statements {
 public:
  /// `home` is the admin thread's. All must outlive this.
  abandoned_statements(boost::asio::io_context& home, const session::published<config>& current,
                       session::registry& sessions, cluster_set& clusters, admin::kill_log& trail)
      : home_(home), current_(current), sessions_(sessions), clusters_(clusters), trail_(trail) {}

  // Any thread.
  /// Whether what a client leaves behind is to be interrupted.
  [[nodiscard]] bool wanted() const { return current_.load()->interrupt_on_disconnect; }
  /// Takes over what a session's end has left running; the session is closed by the caller, who says with `begun` whom
  /// it was and why.
  void interrupt(admin::kill_record begun, session::stop_report left);
  [[nodiscard]] const admin::kill_counters& counted() const { return counted_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  /// The admin thread: what waits is given up; what is under way ends within kill_timeout.
  void stop();

 private:
  struct entry {
    admin::open_kill record;
    session::stop_report left;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  };

  void take(entry added);
  boost::asio::awaitable<void> work();
  boost::asio::awaitable<void> finish(entry each);
  void drop(entry dropped, admin::kill_end end, std::string why);

  boost::asio::io_context& home_;
  const session::published<config>& current_;
  session::registry& sessions_;
  cluster_set& clusters_;
  admin::kill_log& trail_;
  admin::kill_counters counted_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> waiting_{0};
  // The admin thread only.
  std::deque<entry> queue_;
  std::size_t workers_ = 0;
  bool stopped_ = false;
};

}  // namespace sessiongate::proxy
