// What happens to sessions and backends, as it happens: a ring with a limit, which readers follow (event_readers.hpp)
// and SHOW PROXYEVENTS lists. Workers publish, a push under a short lock; nobody waits for a reader, for each only has
// a place in the ring, and who falls out of it is too slow.
#pragma once

#include "admin/kill_log.hpp"
#include "session/client_session.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::admin {

enum class event_type : std::uint8_t {
  session_opened,  // its login is complete
  session_closed,
  statement_slow,  // it took longer than slow-statement-time, and has ended
  kill,            // as it is recorded
  backend_state,   // it became reachable, or is so no more
};
inline constexpr std::uint8_t event_type_count = 5;
std::string_view to_text(event_type type);

struct event {
  std::uint64_t id = 0;  // given by the log
  event_type type = event_type::session_opened;
  std::chrono::system_clock::time_point at = std::chrono::system_clock::now();
  std::shared_ptr<const session::identity> owner{};  // of the session; null: nobody had logged in, or it is about none
  std::uint64_t proxy_sessid = 0;                    // zero: about no session
  std::uint32_t cs_id = 0;
  std::uint32_t connection_id = 0;
  std::string host{};
  std::string database{};
  std::string backend{};
  std::string outcome{};    // why a session ended; what command was slow; the backend's state
  std::string detail{};     // particulars of that
  std::string statement{};  // its literals masked
  std::optional<std::chrono::microseconds> duration{};  // how long a session lived, or a statement took
  kill_log::entry killed{};                             // of a kill: all about it, in place of the members above
};

class event_log {
 public:
  using entry = std::shared_ptr<const event>;

  /// Zero: none are kept for later, and nothing costs anything while nobody reads.
  explicit event_log(std::size_t limit);

  // Any thread.
  /// Whether an event would be of use to anybody.
  [[nodiscard]] bool wanted() const { return keeps_ || readers_.load(std::memory_order_relaxed) != 0; }
  void publish(event happened);
  /// The last one first.
  [[nodiscard]] std::vector<entry> list() const;
  [[nodiscard]] std::uint64_t published(event_type type) const {
    return published_[static_cast<std::size_t>(type)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t readers() const { return readers_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped_readers() const { return dropped_.load(std::memory_order_relaxed); }

  // For readers.
  void join();
  void leave();
  void note_dropped() { dropped_.fetch_add(1, std::memory_order_relaxed); }
  /// Where a reader begins. Without a wish: behind the last event. `asked` is the last one that it has seen; 0: it
  /// wants all that are kept.
  struct start {
    std::uint64_t after = 0;
    bool gap = false;  // some of those behind `asked` are not kept any more, or it is of another run
    std::optional<std::uint64_t> missed{};  // of a gap: how many, when that is known
  };
  [[nodiscard]] start begin_after(std::optional<std::uint64_t> asked) const;
  /// Up to `max` events behind `after`, in their order. Empty optional: those are not kept any more.
  [[nodiscard]] std::optional<std::vector<entry>> read_after(std::uint64_t after, std::size_t max) const;
  /// Called once for all that is published after arm(), on the publisher's thread. Set before anybody publishes.
  void set_waker(std::function<void()> wake) { wake_ = std::move(wake); }
  void arm() { armed_.store(true); }

 private:
  [[nodiscard]] std::uint64_t oldest() const { return last_id_ - kept_.size() + 1; }

  const bool keeps_;
  const std::size_t limit_;
  const std::uint64_t first_id_;
  std::function<void()> wake_;
  std::atomic<bool> armed_{false};
  std::atomic<std::size_t> readers_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::array<std::atomic<std::uint64_t>, event_type_count> published_{};
  mutable std::mutex mutex_;
  std::uint64_t last_id_;
  std::deque<entry> kept_;
};

}  // namespace sessiongate::admin
