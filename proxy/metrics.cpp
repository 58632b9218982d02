#include "proxy/metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sessiongate::proxy {

namespace {

using workers_view = std::span<const std::unique_ptr<worker>>;

template <class Pick>
std::uint64_t sum(workers_view workers, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& each : workers) total += pick(each->counted()).value();
  return total;
}

metric single(std::string_view name, std::string_view kind, std::string_view help, std::uint64_t value) {
  return {name, kind, help, {{{}, value}}};
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

struct session_counts {
  std::uint64_t login = 0;
  std::uint64_t idle = 0;
  std::uint64_t idle_in_transaction = 0;
  std::uint64_t running = 0;
  std::uint64_t servers = 0;
};

session_counts count_sessions(const session::registry& sessions) {
  session_counts counts;
  for (const auto& each : sessions.list()) {
    counts.servers += each->server_sessions().size();
    if (each->state() == session::client_session_state::init) {
      ++counts.login;
    } else if (each->statement_running()) {
      ++counts.running;
    } else {
      ++(each->in_transaction() ? counts.idle_in_transaction : counts.idle);
    }
  }
  return counts;
}

metric sessions_by_state(const session_counts& counts) {
  return {"sessions",
          "gauge",
          "Client sessions that are live, by what they do.",
          {{"{state=\"login\"}", counts.login},
           {"{state=\"idle\"}", counts.idle},
           {"{state=\"idle_in_transaction\"}", counts.idle_in_transaction},
           {"{state=\"running\"}", counts.running}}};
}

metric kills(const admin::kill_counters& counted) {
  metric made{"kills_total", "counter", "Commands to end a session, a server session or a statement, by outcome.", {}};
  for (std::size_t at = 0; at < admin::kill_outcome_names.size(); ++at) {
    made.samples.push_back({fmt::format("{{outcome=\"{}\"}}", admin::kill_outcome_names[at]), counted.value(at)});
  }
  return made;
}

}  // namespace

std::vector<metric> collect_metrics(const gateway& shared, workers_view workers) {
  const auto counts = count_sessions(shared.sessions);
  const auto backend = fmt::format("{{backend=\"{}\"}}", shared.server.name()->text());
  std::vector<metric> all;
  all.push_back({"build_info", "gauge", "The version.", {{"{version=\"" SESSIONGATE_VERSION "\"}", 1}}});
  all.push_back(single("client_sessions", "gauge", "Client sessions that are live.", shared.sessions.size()));
  all.push_back(sessions_by_state(counts));
  for (const auto& each : totals) {
    const auto value = sum(workers, [&each](const counters& of) -> const counter& { return of.*each.member; });
    all.push_back(single(each.name, "counter", each.help, value));
  }
  all.push_back(stops(workers));
  all.push_back(kills(shared.kills));
  all.push_back(worker_sessions(workers));
  all.push_back(
      {"server_sessions", "gauge", "Connections to the backend that serve sessions.", {{backend, counts.servers}}});
  const auto up = shared.server.last_greeting()->flags != 0 ? 1U : 0U;
  all.push_back({"backend_reached", "gauge", "1 when the backend has greeted the proxy once.", {{backend, up}}});
  all.push_back(single("draining", "gauge", "1 while the proxy is stopping.", shared.draining.load() ? 1 : 0));
  return all;
}

std::string render_metrics(const gateway& shared, workers_view workers) {
  std::string page;
  auto out = std::back_inserter(page);
  for (const auto& each : collect_metrics(shared, workers)) {
    fmt::format_to(out, "# HELP sessiongate_{0} {1}\n# TYPE sessiongate_{0} {2}\n", each.name, each.help, each.kind);
    for (const auto& sample : each.samples) {
      fmt::format_to(out, "sessiongate_{}{} {}\n", each.name, sample.labels, sample.value);
    }
  }
  return page;
}

}  // namespace sessiongate::proxy
