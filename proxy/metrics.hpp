// What the proxy counts, by name: collected once, shown as the metrics page in Prometheus' text format and by
// SHOW PROXYSTAT.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

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
  std::string_view name;  // without the prefix `sessiongate_`
  std::string_view kind;  // counter or gauge
  std::string_view help;
  std::vector<sample> samples;
};

/// Any thread. Labels are bounded: reasons, states, outcomes, workers, the configured backend.
std::vector<metric> collect_metrics(const gateway& shared, std::span<const std::unique_ptr<worker>> workers);

std::string render_metrics(const gateway& shared, std::span<const std::unique_ptr<worker>> workers);

}  // namespace sessiongate::proxy
