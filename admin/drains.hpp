// Drains: the sessions that were there when one began are ended gently, and it can be watched and taken back. A ring
// with a limit. Any thread may ask; timers and hard kills run on the home executor, the admin thread's.
#pragma once

#include "admin/execution_context.hpp"
#include "admin/kill_manner.hpp"
#include "admin/principal.hpp"

#include "session/client_session.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

enum class drain_state : std::uint8_t { running, done, cancelled };
std::string_view to_text(drain_state state);

/// How far a drain is. `total` is the sum of the five behind it.
struct drain_report {
  std::uint64_t number = 0;  // 1, 2, 3 …
  std::chrono::system_clock::time_point at{};
  principal by{};
  std::string what{};       // the condition, in SQL's words, or the backend; empty: every session
  bool of_backend = false;  // of a backend that is taken out of use: its sessions need not end if they can go elsewhere
  kill_manner how{};
  drain_state state = drain_state::running;
  std::size_t total = 0;
  std::size_t ended = 0;            // by the drain, at the moment that `how` names
  std::size_t killed = 0;           // at the timeout
  std::size_t ended_otherwise = 0;  // first, for another reason
  std::size_t released = 0;         // the drain was cancelled
  std::size_t waiting = 0;
  std::chrono::microseconds elapsed{};  // until now, or until it was over
};

class drain;

class drains {
 public:
  /// `with` is what the kills at the timeout work with; it must outlive this, and so must `home` every drain.
  drains(boost::asio::any_io_executor home, execution_context& with, std::size_t limit)
      : home_(std::move(home)), with_(with), limit_(limit) {}

  /// Begins one. Empty: as many as are kept are running.
  std::optional<drain_report> begin(std::string what, kill_manner how, principal who,
                                    const std::vector<session::client_session_ptr>& targets, bool of_backend = false);
  /// Takes the marks away from the sessions that still wait. Empty: there is none of that number.
  std::optional<drain_report> cancel(std::uint64_t number);
  /// The last one first.
  [[nodiscard]] std::vector<drain_report> list() const;

 private:
  bool make_room();

  const boost::asio::any_io_executor home_;
  execution_context& with_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::uint64_t last_number_ = 0;
  std::deque<std::shared_ptr<drain>> kept_;
};

}  // namespace sessiongate::admin
