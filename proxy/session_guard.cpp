#include "proxy/session_guard.hpp"

#include <algorithm>

namespace sessiongate::proxy {

void session_guard::follow_statement(const session_look& seen, clock::time_point now) {
  if (!seen.running) {
    was_running_ = false;
    return;
  }
  const auto sent = now - std::chrono::duration_cast<clock::duration>(seen.since_command);
  if (!was_running_ || seen.commands != commands_) {
    statement_since_ = sent;
  } else if (seen.responses != responses_) {
    statement_since_ = now;
  }
  was_running_ = true;
  commands_ = seen.commands;
  responses_ = seen.responses;
}

std::optional<guard> session_guard::look(const session_look& seen, clock::time_point now) {
  follow_statement(seen, now);
  auto still = clock::duration::zero();
  if (seen.busy || seen.running)
    silence_.forget();
  else
    still = silence_.look(seen.commands, now);
  if (seen.streams) return std::nullopt;
  if (!seen.proxysys) {
    if (seen.in_transaction && is_beyond(guard::transaction_time, seen.since_transaction))
      return guard::transaction_time;
    if (seen.in_transaction && is_beyond(guard::idle_in_transaction, still)) return guard::idle_in_transaction;
    if (seen.running && is_beyond(guard::statement_time, now - statement_since_)) return guard::statement_time;
  }
  if (is_beyond(guard::idle, still)) return guard::idle;
  if (!seen.proxysys && is_beyond(guard::session_age, seen.age)) return guard::session_age;
  return std::nullopt;
}

guard_limits limits_for_all(const config& settings) {
  guard_limits limits;
  limits[guard::statement_time] = settings.max_statement_time;
  limits[guard::idle_in_transaction] = settings.idle_in_transaction_timeout;
  limits[guard::transaction_time] = settings.max_transaction_time;
  limits[guard::session_age] = settings.max_session_age;
  limits[guard::idle] = settings.idle_timeout;
  return limits;
}

milliseconds look_interval(const config& settings) {
  constexpr milliseconds shortest{100};
  constexpr milliseconds longest{5'000};
  auto limit = milliseconds::max();
  const auto consider = [&](milliseconds each) {
    if (each.count() > 0) limit = std::min(limit, each);
  };
  const auto for_all = limits_for_all(settings);
  consider(settings.write_timeout);
  for (std::uint8_t at = 0; at < guard_count; ++at) {
    consider(for_all[static_cast<guard>(at)]);
    for (const auto& rule : settings.guards) consider(rule.limits[at].value_or(milliseconds(0)));
  }
  return limit == milliseconds::max() ? milliseconds(0) : std::clamp(limit / 10, shortest, longest);
}

}  // namespace sessiongate::proxy
