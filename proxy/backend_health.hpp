// How a backend is found: by checks over the control account, or by clients' logins alone. Decides without a socket and
// without a clock of its own. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

enum class backend_state : std::uint8_t {
  unknown,  // nobody has tried it yet
  up,
  suspect,  // the last attempt to reach it failed, or it has come back just now
  down,
};
std::string_view to_text(backend_state state);

struct health_limits {
  std::size_t down_after = 3;  // failures in a row
  std::size_t up_after = 2;    // checks in a row that succeed, when it was down
  std::chrono::milliseconds interval{5'000};
  std::chrono::milliseconds backoff_max{30'000};
};

class backend_health {
 public:
  using clock = std::chrono::steady_clock;

  explicit backend_health(health_limits limits) : limits_(limits) {}

  /// A change of the state, for who has brought it about to tell.
  struct turn {
    backend_state before = backend_state::unknown;
    backend_state now = backend_state::unknown;
    std::string reason;
  };
  /// It was reached.
  std::optional<turn> succeed(clock::time_point now);
  /// It could not be reached. `for_good`: no need to try again to be sure.
  std::optional<turn> fail(clock::time_point now, std::string_view why, bool for_good = false);

  /// It has all the connections that it may have: for a moment logins go elsewhere, when they can.
  void note_full(clock::time_point now) { full_until_.store(now + full_pause, std::memory_order_relaxed); }

  /// Whether checks look after it. Without them logins have to find out when it is back.
  void set_checked(bool on) { checked_.store(on, std::memory_order_relaxed); }
  [[nodiscard]] bool checked() const { return checked_.load(std::memory_order_relaxed); }

  [[nodiscard]] backend_state state() const { return state_.load(std::memory_order_relaxed); }

  /// Where a login tries it.
  enum class place : std::uint8_t {
    in_turn,
    behind,  // those that are well
    out,     // only when there is no other
  };
  /// A backend that is not checked gets one login in its turn each time that its pause is over.
  place claim_place(clock::time_point now);

  /// Until the next check: longer with each that finds it down, and by chance not the same for all proxies.
  [[nodiscard]] std::chrono::milliseconds pause();

  struct report {
    backend_state state = backend_state::unknown;
    std::string reason;  // empty: none
    std::chrono::system_clock::time_point since{};
    std::size_t failures = 0;           // in a row
    std::chrono::milliseconds pause{};  // before it is tried again
  };
  [[nodiscard]] report look() const;

 private:
  static constexpr std::chrono::seconds full_pause{1};

  std::optional<turn> turn_to(backend_state next, std::string_view why);
  [[nodiscard]] std::chrono::milliseconds next_pause() const;

  const health_limits limits_;
  std::atomic<bool> checked_{false};
  std::atomic<backend_state> state_{backend_state::unknown};
  std::atomic<clock::time_point> full_until_{clock::time_point()};
  mutable std::mutex mutex_;   // of all below
  std::size_t failures_ = 0;   // in a row
  std::size_t successes_ = 0;  // in a row, since it was down
  bool was_down_ = false;      // it has not been up since
  std::string reason_;
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  clock::time_point retry_at_{};
};

}  // namespace sessiongate::proxy
