// The metrics page: what the workers counted, in Prometheus' text format.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/worker.hpp"

#include <memory>
#include <span>
#include <string>

namespace sessiongate::proxy {

std::string render_metrics(const gateway& shared, std::span<const std::unique_ptr<worker>> workers);

}  // namespace sessiongate::proxy
