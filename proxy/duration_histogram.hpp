// How long things took, counted by size: what a Prometheus histogram is made of. One thread counts, every thread reads;
// each number is right by itself.
#pragma once

#include "session/tally.hpp"
#include "session/ticks.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

class duration_histogram {
 public:
  /// Upper limits of the buckets, in seconds, as they are written; a last bucket has what took longer.
  static constexpr std::array<std::string_view, 15> limits{"0.0001", "0.00025", "0.0005", "0.001", "0.0025",
                                                           "0.005",  "0.01",    "0.025",  "0.05",  "0.1",
                                                           "0.25",   "0.5",     "1",      "5",     "30"};
  static constexpr std::size_t bucket_count = limits.size() + 1;

  duration_histogram();

  /// On the data path: short durations are found first, and no clock is read.
  void add(session::ticks took) {
    std::size_t at = 0;
    while (at < limits.size() && took > (*limits_in_ticks_)[at]) ++at;
    buckets_[at].add(1);
    sum_.add(took);
  }

  [[nodiscard]] std::uint64_t bucket(std::size_t at) const { return buckets_[at].value(); }
  [[nodiscard]] session::ticks sum() const { return sum_.value(); }

 private:
  using tick_limits = std::array<session::ticks, limits.size()>;
  static const tick_limits& work_out_limits();

  const tick_limits* limits_in_ticks_;
  std::array<session::tally, bucket_count> buckets_;
  session::tally sum_;
};

}  // namespace sessiongate::proxy
