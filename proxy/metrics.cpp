#include "proxy/metrics.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

namespace {

using workers_view = std::span<const std::unique_ptr<worker>>;

template <class Pick>
std::uint64_t sum(workers_view workers, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& each : workers) total += pick(each->counted()).value();
  return total;
}

void header(std::string& page, std::string_view name, std::string_view kind, std::string_view help) {
  fmt::format_to(std::back_inserter(page), "# HELP sessiongate_{0} {1}\n# TYPE sessiongate_{0} {2}\n", name, help,
                 kind);
}

struct total {
  std::string_view name;
  std::string_view help;
  counter counters::* member;
};

constexpr total totals[] = {
    {"client_connections_total", "Client connections accepted.", &counters::accepted},
    {"logins_total", "Logins that succeeded.", &counters::logins},
    {"commands_total", "Client commands sent to the backend.", &counters::commands},
    {"admin_commands_total", "SQL commands answered by the proxy itself.", &counters::admin_commands},
    {"client_received_bytes_total", "Bytes read from clients.", &counters::bytes_from_clients},
    {"backend_received_bytes_total", "Bytes read from the backend.", &counters::bytes_from_backends},
};

void add_stops(std::string& page, workers_view workers) {
  header(page, "sessions_closed_total", "counter", "Client sessions that ended, by reason.");
  for (std::uint8_t index = 1; index < session::stop_reason_count; ++index) {
    const auto count = sum(workers, [index](const counters& each) -> const counter& { return each.stops[index]; });
    fmt::format_to(std::back_inserter(page), "sessiongate_sessions_closed_total{{reason=\"{}\"}} {}\n",
                   session::to_text(static_cast<session::stop_reason>(index)), count);
  }
}

void add_workers(std::string& page, workers_view workers) {
  header(page, "worker_sessions", "gauge", "Client sessions of each worker.");
  for (std::size_t index = 0; index < workers.size(); ++index) {
    fmt::format_to(std::back_inserter(page), "sessiongate_worker_sessions{{worker=\"{}\"}} {}\n", index,
                   workers[index]->load());
  }
}

}  // namespace

std::string render_metrics(const gateway& shared, workers_view workers) {
  std::string page;
  header(page, "build_info", "gauge", "The version.");
  page += "sessiongate_build_info{version=\"" SESSIONGATE_VERSION "\"} 1\n";
  header(page, "client_sessions", "gauge", "Client sessions that are live.");
  fmt::format_to(std::back_inserter(page), "sessiongate_client_sessions {}\n", shared.sessions.size());
  for (const auto& each : totals) {
    header(page, each.name, "counter", each.help);
    fmt::format_to(std::back_inserter(page), "sessiongate_{} {}\n", each.name,
                   sum(workers, [&each](const counters& of) -> const counter& { return of.*each.member; }));
  }
  add_stops(page, workers);
  add_workers(page, workers);
  header(page, "draining", "gauge", "1 while the proxy is stopping.");
  fmt::format_to(std::back_inserter(page), "sessiongate_draining {}\n", shared.draining.load() ? 1 : 0);
  return page;
}

}  // namespace sessiongate::proxy
