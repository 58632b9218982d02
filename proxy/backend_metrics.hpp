// What is known and counted of each backend: part of the metrics.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/metric.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace sessiongate::proxy {

/// Server sessions, by the name of their backend.
using server_session_counts = std::map<const session::endpoint*, std::uint64_t>;

/// Appends them. Any thread.
void add_backend_metrics(std::vector<metric>& all, const gateway& shared, const server_session_counts& serving);

/// The error packets of all backends. Any thread.
std::uint64_t errors_of_backends(const gateway& shared);

}  // namespace sessiongate::proxy
