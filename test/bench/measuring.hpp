// What the modes of bench_load share: the clock, latencies, and the conversation with whoever measures.
//
// That is: "ready" on a line of its own; a line (or the end) of standard input starts the load; its result is one line
// of JSON; the end of standard input closes the sessions. So the processor time of logins is not in the measurement.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>

namespace sessiongate::bench {

/// Nanoseconds of the monotonic clock.
std::uint64_t now_ns();
std::uint64_t seconds_to_ns(double seconds);

/// Latencies in buckets that are at most 1/64 of their value wide.
class histogram {
 public:
  void add(std::uint64_t latency_ns);
  void merge(const histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean_us() const;
  [[nodiscard]] double percentile_us(double share) const;
  [[nodiscard]] double max_us() const;

 private:
  static constexpr std::uint64_t per_octave = 64;

  std::array<std::uint64_t, per_octave * 60> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
  std::uint64_t max_ns_ = 0;
};

void await_start();
void report(const nlohmann::json& result);
void await_end();

/// {"n": …, "seconds": …, "per_s": …, "avg_us": …, "p50_us": …, "p99_us": …, "max_us": …}
nlohmann::json describe(const histogram& latencies, double seconds);

}  // namespace sessiongate::bench
