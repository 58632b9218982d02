// What the proxy has to log in with by itself, and how it fares with that, for each cluster with credentials: part of
// the metrics. Nothing of it names an account.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/metric.hpp"

#include <vector>

namespace sessiongate::proxy {

/// Appends them, those that have a sample. Any thread.
void add_credential_metrics(std::vector<metric>& all, const gateway& shared);

}  // namespace sessiongate::proxy
