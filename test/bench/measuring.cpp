#include "test/bench/measuring.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <iostream>
#include <string>

namespace sessiongate::bench {

namespace {

constexpr double ns_per_us = 1000.0;

}  // namespace

std::uint64_t now_ns() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

std::uint64_t seconds_to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

/// Below per_octave each value has its own bucket; above, the bits under the highest six are dropped.
void histogram::add(std::uint64_t latency_ns) {
  std::uint64_t bucket = latency_ns;
  if (latency_ns >= per_octave) {
    const auto shift = static_cast<unsigned>(std::bit_width(latency_ns) - std::bit_width(per_octave));
    bucket = shift * per_octave + (latency_ns >> shift);
  }
  ++buckets_[std::min<std::uint64_t>(bucket, buckets_.size() - 1)];
  ++count_;
  sum_ns_ += latency_ns;
  max_ns_ = std::max(max_ns_, latency_ns);
}

void histogram::merge(const histogram& other) {
  std::transform(buckets_.begin(), buckets_.end(), other.buckets_.begin(), buckets_.begin(), std::plus<>());
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

double histogram::mean_us() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_) / ns_per_us;
}

double histogram::percentile_us(double share) const {
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
  std::uint64_t seen = 0;
  for (std::uint64_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen <= wanted) continue;
    const auto shift = bucket < 2 * per_octave ? 0 : bucket / per_octave - 1;
    return static_cast<double>((bucket - shift * per_octave) << shift) / ns_per_us;
  }
  return max_us();
}

double histogram::max_us() const {
  return static_cast<double>(max_ns_) / ns_per_us;
}

void await_start() {
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

void report(const nlohmann::json& result) {
  std::cout << result.dump() << std::endl;
}

void await_end() {
  for (std::string line; std::getline(std::cin, line);) {
  }
}

nlohmann::json describe(const histogram& latencies, double seconds) {
  return {{"n", latencies.count()},
          {"seconds", seconds},
          {"per_s", static_cast<double>(latencies.count()) / seconds},
          {"avg_us", latencies.mean_us()},
          {"p50_us", latencies.percentile_us(0.5)},
          {"p99_us", latencies.percentile_us(0.99)},
          {"max_us", latencies.max_us()}};
}

}  // namespace sessiongate::bench
