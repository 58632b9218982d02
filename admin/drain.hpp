// One drain: its targets, and what has become of each. Shared by the list of drains, by the marks on its targets, and
// by the kills at its timeout. Any thread.
#pragma once

#include "admin/drains.hpp"
#include "admin/kill_log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sessiongate::admin {

class drain : public std::enable_shared_from_this<drain> {
 public:
  drain(drain_report begun, const boost::asio::any_io_executor& home, execution_context& with);

  /// Marks the targets; `limit` is how long they are waited for.
  void start(const std::vector<session::client_session_ptr>& targets, std::chrono::milliseconds limit);
  void cancel();
  [[nodiscard]] drain_report report() const;

 private:
  enum class phase : std::uint8_t { waiting, being_killed, over };
  struct target {
    session::client_session_ptr session;  // null when it is over
    session::stop_mark mark = 0;
    kill_record begun;
    kill_outcome found;
    phase now = phase::waiting;
  };

  void add(session::client_session_ptr session);
  void mark(std::size_t index);
  void on_report(std::size_t index, const session::stop_report& report);
  void set_timer(std::chrono::milliseconds limit);
  boost::asio::awaitable<void> kill_rest();
  boost::asio::awaitable<void> kill_one(std::size_t index);
  session::client_session_ptr take_waiting(std::size_t index);  // null: it does not wait any more
  void on_killed(std::size_t index, const result& done);
  void record(kill_record over) const;
  void close(target& which, std::size_t drain_report::* counted);  // under the lock
  [[nodiscard]] std::chrono::microseconds elapsed() const;

  execution_context& with_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  const boost::asio::any_io_executor home_;
  boost::asio::steady_timer timer_;  // home's thread only
  mutable std::mutex mutex_;
  drain_report state_;
  std::vector<target> targets_;  // grows in start() only, before any mark
};

}  // namespace sessiongate::admin
