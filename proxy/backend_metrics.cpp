#include "proxy/backend_metrics.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace sessiongate::proxy {

namespace {

struct backend_total {
  std::string_view name;
  std::string_view help;
  std::uint64_t (backend_counters::*value)() const;
};

constexpr backend_total backend_totals[] = {
    {"backend_connections_total", "Connections to the backend that it greeted.", &backend_counters::connections},
    {"backend_connection_failures_total", "Connections to the backend that could not be made.",
     &backend_counters::failures},
    {"backend_logins_total", "Logins that succeeded there.", &backend_counters::logins},
    {"backend_errors_total", "Error packets of the backend: to commands and to logins.", &backend_counters::errors},
};

std::string label_of(const cluster& owner, const backend& which) {
  return fmt::format("cluster=\"{}\",backend=\"{}\"", escape_label(owner.name()), escape_label(which.name()->text()));
}

/// Runs `step(cluster, backend)` for each.
template <class Step>
void for_each_backend(const gateway& shared, Step step) {
  for (const auto& owner : shared.clusters.all()) {
    for (const auto& each : owner->backends()) step(*owner, std::as_const(*each));
  }
}

/// One sample for each backend.
template <class Value>
metric by_backend(std::string_view name, std::string_view kind, std::string_view help, const gateway& shared,
                  Value value) {
  metric made{name, kind, help, {}};
  for_each_backend(shared, [&](const cluster& owner, const backend& each) {
    made.samples.push_back({fmt::format("{{{}}}", label_of(owner, each)), value(each)});
  });
  return made;
}

metric backend_connect_times(const gateway& shared) {
  metric made{
      "backend_connect_duration_seconds", "histogram", "From a session's dialling the backend to its greeting.", {}};
  for_each_backend(shared, [&](const cluster& owner, const backend& each) {
    add(made.distributions.emplace_back(metric::distribution{.label = label_of(owner, each)}),
        each.counted().connect_time());
  });
  return made;
}

}  // namespace

std::uint64_t errors_of_backends(const gateway& shared) {
  std::uint64_t count = 0;
  for_each_backend(shared, [&](const cluster& /*owner*/, const backend& each) { count += each.counted().errors(); });
  return count;
}

void add_backend_metrics(std::vector<metric>& all, const gateway& shared, const server_session_counts& serving) {
  for (const auto& each : backend_totals) {
    all.push_back(by_backend(each.name, "counter", each.help, shared,
                             [&each](const backend& of) { return (of.counted().*each.value)(); }));
  }
  all.push_back(backend_connect_times(shared));
  all.push_back(by_backend("server_sessions", "gauge", "Connections to the backend that serve sessions.", shared,
                           [&](const backend& of) -> std::uint64_t {
                             const auto found = serving.find(of.name().get());
                             return found == serving.end() ? 0 : found->second;
                           }));
  all.push_back(by_backend("backend_reached", "gauge", "1 when the backend has greeted the proxy once.", shared,
                           [](const backend& of) -> std::uint64_t { return of.has_greeted() ? 1 : 0; }));
  all.push_back(
      by_backend("backend_up", "gauge", "1 while the backend is neither suspect nor down.", shared,
                 [](const backend& of) -> std::uint64_t { return of.health().state() == backend_state::up ? 1 : 0; }));
  all.push_back(by_backend("backend_drained", "gauge", "1 while the backend is drained.", shared,
                           [](const backend& of) -> std::uint64_t { return of.drained() ? 1 : 0; }));
  all.push_back(
      by_backend("backend_check_microseconds", "gauge", "How long the last health check waited for an answer.", shared,
                 [](const backend& of) { return static_cast<std::uint64_t>(of.last_check()->took.count()); }));
}

}  // namespace sessiongate::proxy
