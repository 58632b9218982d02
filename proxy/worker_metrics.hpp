// What the workers count, summed over all of them or shown for each: part of the metrics.
#pragma once

#include "proxy/metric.hpp"
#include "proxy/worker.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sessiongate::proxy {

using workers_view = std::span<const std::unique_ptr<worker>>;

/// Any thread. `pick(counters)` gives the counter that is meant.
template <class Pick>
std::uint64_t sum(workers_view workers, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& each : workers) total += pick(each->counted()).value();
  return total;
}

/// Appends them. Any thread.
void add_worker_metrics(std::vector<metric>& all, workers_view workers);

}  // namespace sessiongate::proxy
