#include "proxy/backend_health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace sessiongate::proxy {

namespace {

constexpr std::chrono::milliseconds shortest_pause{1'000};
constexpr std::size_t doublings_max = 16;

/// A fifth more or less.
std::chrono::milliseconds by_chance(std::chrono::milliseconds pause) {
  thread_local std::minstd_rand chance{std::random_device{}()};
  std::uniform_real_distribution<double> factor(0.8, 1.2);
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * factor(chance)));
}

}  // namespace

std::string_view to_text(backend_state state) {
  switch (state) {
    case backend_state::unknown:
      return "unknown";
    case backend_state::up:
      return "up";
    case backend_state::suspect:
      return "suspect";
    case backend_state::down:
      break;
  }
  return "down";
}

/// Under the lock.
std::optional<backend_health::turn> backend_health::turn_to(backend_state next, std::string_view why) {
  reason_ = why;
  const auto before = state();
  if (before == next) return std::nullopt;
  state_.store(next, std::memory_order_relaxed);
  since_ = std::chrono::system_clock::now();
  return turn{before, next, reason_};
}

std::optional<backend_health::turn> backend_health::succeed(clock::time_point now) {
  if (state() == backend_state::up) return std::nullopt;  // every login comes by: without the lock
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  retry_at_ = now;
  ++successes_;
  const bool is_sure = !was_down_ || !checked() || successes_ >= limits_.up_after;
  if (!is_sure)
    return turn_to(backend_state::suspect, fmt::format("it is back: {} of {} checks", successes_, limits_.up_after));
  was_down_ = false;
  return turn_to(backend_state::up, {});
}

std::optional<backend_health::turn> backend_health::fail(clock::time_point now, std::string_view why, bool for_good) {
  const std::lock_guard lock(mutex_);
  ++failures_;
  successes_ = 0;
  retry_at_ = now + by_chance(next_pause());
  was_down_ = was_down_ || for_good || failures_ >= limits_.down_after;
  return turn_to(was_down_ ? backend_state::down : backend_state::suspect, why);
}

/// Under the lock.
std::chrono::milliseconds backend_health::next_pause() const {
  const auto first = std::max(limits_.interval, shortest_pause);
  const auto doublings = std::min(failures_ > limits_.down_after ? failures_ - limits_.down_after : 0, doublings_max);
  return std::min(first * (1U << doublings), std::max(limits_.backoff_max, first));
}

backend_health::place backend_health::claim_place(clock::time_point now) {
  const auto found = state();
  if (found == backend_state::up || found == backend_state::unknown)
    return now < full_until_.load(std::memory_order_relaxed) ? place::behind : place::in_turn;
  const auto otherwise = found == backend_state::suspect ? place::behind : place::out;
  if (checked()) return otherwise;
  const std::lock_guard lock(mutex_);
  if (now < retry_at_) return otherwise;
  retry_at_ = now + by_chance(next_pause());
  return place::in_turn;
}

std::chrono::milliseconds backend_health::pause() {
  const std::lock_guard lock(mutex_);
  return by_chance(failures_ == 0 ? limits_.interval : next_pause());
}

backend_health::report backend_health::look() const {
  const std::lock_guard lock(mutex_);
  return {state(), reason_, since_, failures_, failures_ == 0 ? limits_.interval : next_pause()};
}

}  // namespace sessiongate::proxy
