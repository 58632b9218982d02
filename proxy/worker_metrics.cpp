#include "proxy/worker_metrics.hpp"

#include "session/recovery_obstacle.hpp"
#include "session/stop_reason.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace sessiongate::proxy {

namespace {

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

metric stops(workers_view workers) {
  metric made{"sessions_closed_total", "counter", "Client sessions that ended, by reason.", {}};
  for (std::uint8_t index = 1; index < session::stop_reason_count; ++index) {
    const auto count = sum(workers, [index](const counters& each) -> const counter& { return each.stops[index]; });
    made.samples.push_back(
        {fmt::format("{{reason=\"{}\"}}", session::to_text(static_cast<session::stop_reason>(index))), count});
  }
  return made;
}

metric worker_sessions(workers_view workers) {
  metric made{"worker_sessions", "gauge", "Client sessions of each worker.", {}};
  for (std::size_t index = 0; index < workers.size(); ++index) {
    made.samples.push_back({fmt::format("{{worker=\"{}\"}}", index), workers[index]->load()});
  }
  return made;
}

template <class Pick>
metric::distribution distribution_of(workers_view workers, std::string label, Pick pick) {
  metric::distribution made{.label = std::move(label)};
  for (const auto& each : workers) add(made, pick(each->counted()));
  return made;
}

metric command_times(workers_view workers) {
  metric made{"command_duration_seconds",
              "histogram",
              "From a command's sending to the backend to the end of its response.",
              {}};
  for (std::size_t at = 0; at < command_class_names.size(); ++at) {
    made.distributions.push_back(
        distribution_of(workers, fmt::format("command=\"{}\"", command_class_names[at]),
                        [at](const counters& of) -> const duration_histogram& { return of.command_time[at]; }));
  }
  return made;
}

metric login_times(workers_view workers) {
  auto taken =
      distribution_of(workers, {}, [](const counters& of) -> const duration_histogram& { return of.login_time; });
  return {"login_duration_seconds",
          "histogram",
          "From a client's connection to the end of its successful login.",
          {},
          {std::move(taken)}};
}

metric recoveries(workers_view workers) {
  metric made{"recoveries_total",
              "counter",
              "Client sessions without a server session that needed another one: replaced, or what was in the way.",
              {}};
  for (std::uint8_t at = 0; at < session::recovery_obstacle_count; ++at) {
    const auto count = sum(workers, [at](const counters& each) -> const counter& { return each.recoveries[at]; });
    const auto word = at == 0 ? std::string_view("replaced") : to_text(static_cast<session::recovery_obstacle>(at));
    made.samples.push_back({fmt::format("{{outcome=\"{}\"}}", word), count});
  }
  return made;
}

metric recovery_times(workers_view workers) {
  auto taken =
      distribution_of(workers, {}, [](const counters& of) -> const duration_histogram& { return of.recovery_time; });
  return {"recovery_duration_seconds",
          "histogram",
          "From a client's statement to the other server session that it goes to.",
          {},
          {std::move(taken)}};
}

metric worker_rounds(workers_view workers) {
  metric made{"worker_longest_round_microseconds",
              "gauge",
              "How long each worker was away from its sockets at most, in the last 5 to 10 seconds of traffic.",
              {}};
  for (std::size_t index = 0; index < workers.size(); ++index) {
    const auto longest = std::chrono::duration_cast<std::chrono::microseconds>(workers[index]->rounds().longest());
    made.samples.push_back({fmt::format("{{worker=\"{}\"}}", index), static_cast<std::uint64_t>(longest.count())});
  }
  return made;
}

}  // namespace

void add_worker_metrics(std::vector<metric>& all, workers_view workers) {
  for (const auto& each : totals) {
    const auto value = sum(workers, [&each](const counters& of) -> const counter& { return of.*each.member; });
    all.push_back(single(each.name, "counter", each.help, value));
  }
  all.push_back(command_times(workers));
  all.push_back(login_times(workers));
  all.push_back(stops(workers));
  all.push_back(recoveries(workers));
  all.push_back(recovery_times(workers));
  all.push_back(worker_sessions(workers));
  all.push_back(worker_rounds(workers));
}

}  // namespace sessiongate::proxy
