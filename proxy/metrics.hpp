// What the proxy counts, by name: collected once, shown as the metrics page in Prometheus' text format and by
// SHOW PROXYSTAT.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct metric {
  struct sample {
    std::string labels;  // `{reason="killed"}`; empty: none
    std::uint64_t value = 0;
  };
  struct distribution {  // the sample of a histogram
    std::string label;   // `command="query"`; empty: none
    std::array<std::uint64_t, duration_histogram::bucket_count> buckets{};
    std::chrono::nanoseconds sum{0};
  };
  std::string_view name;  // without the prefix `sessiongate_`
  std::string_view kind;  // counter, gauge or histogram
  std::string_view help;
  std::vector<sample> samples;
  std::vector<distribution> distributions{};
};

/// Any thread. Labels are bounded: reasons, states, outcomes, workers, the configured backend.
std::vector<metric> collect_metrics(const gateway& shared, std::span<const std::unique_ptr<worker>> workers);

/// A histogram as samples, for those who know no histograms: each bucket has what took no longer than its limit `le`;
/// the sum is in whole microseconds.
std::vector<admin::proxy_statistic> flatten(const metric& histogram);

std::string render_metrics(const gateway& shared, std::span<const std::unique_ptr<worker>> workers);

}  // namespace sessiongate::proxy
