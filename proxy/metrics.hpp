// What the proxy counts, by name: collected once, shown as the metrics page in Prometheus' text format and by
// SHOW PROXYSTAT.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/metric.hpp"
#include "proxy/worker_metrics.hpp"

#include <string>
#include <vector>

namespace sessiongate::proxy {

/// Any thread. Labels are bounded: reasons, states, outcomes, workers, the configured backends and
/// clusters.
std::vector<metric> collect_metrics(const gateway& shared, workers_view workers);

std::string render_metrics(const gateway& shared, workers_view workers);

}  // namespace sessiongate::proxy
