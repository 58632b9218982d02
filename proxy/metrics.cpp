#include "proxy/metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <map>
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

/// As the text of a label's value.
std::string escape(std::string_view value) {
  std::string text;
  for (const char each : value) {
    if (each == '\\' || each == '"') text += '\\';
    text += each == '\n' ? ' ' : each;
  }
  return text;
}

std::string label_of(const cluster& owner, const backend& which) {
  return fmt::format("cluster=\"{}\",backend=\"{}\"", escape(owner.name()), escape(which.name()->text()));
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

std::uint64_t errors_of_backends(const gateway& shared) {
  std::uint64_t count = 0;
  for_each_backend(shared, [&](const cluster& /*owner*/, const backend& each) { count += each.counted().errors(); });
  return count;
}

/// Whose errors they are: a client's end its session, the others are error packets.
metric errors(const gateway& shared, workers_view workers) {
  using session::stop_reason;
  constexpr std::array of_clients{stop_reason::client_gone, stop_reason::client_stalled, stop_reason::login_timeout,
                                  stop_reason::protocol_error};
  std::uint64_t clients = 0;
  for (const auto each : of_clients) {
    clients +=
        sum(workers, [each](const counters& of) -> const counter& { return of.stops[static_cast<std::size_t>(each)]; });
  }
  return {"errors_total",
          "counter",
          "Errors by side: sessions that clients broke, error packets of the proxy and of the backend.",
          {{"{side=\"client\"}", clients},
           {"{side=\"proxy\"}", sum(workers, [](const counters& of) -> const counter& { return of.proxy_errors; })},
           {"{side=\"backend\"}", errors_of_backends(shared)}}};
}

void add(metric::distribution& to, const duration_histogram& counted) {
  for (std::size_t at = 0; at < to.buckets.size(); ++at) to.buckets[at] += counted.bucket(at);
  to.sum += session::to_duration(counted.sum());
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

metric backend_connect_times(const gateway& shared) {
  metric made{
      "backend_connect_duration_seconds", "histogram", "From a session's dialling the backend to its greeting.", {}};
  for_each_backend(shared, [&](const cluster& owner, const backend& each) {
    add(made.distributions.emplace_back(metric::distribution{.label = label_of(owner, each)}),
        each.counted().connect_time());
  });
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

struct session_counts {
  std::uint64_t login = 0;
  std::uint64_t idle = 0;
  std::uint64_t idle_in_transaction = 0;
  std::uint64_t running = 0;
  std::map<const session::endpoint*, std::uint64_t> servers;  // by the name of their backend
};

session_counts count_sessions(const session::registry& sessions) {
  session_counts counts;
  for (const auto& each : sessions.list()) {
    for (const auto& server : each->server_sessions()) ++counts.servers[server->shared_backend().get()];
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

std::string in_braces(std::string_view label) {
  return label.empty() ? std::string() : fmt::format("{{{}}}", label);
}

/// The buckets of a histogram, each with those before it, and the count of all.
std::vector<admin::proxy_statistic> count_up(std::string_view name, const metric::distribution& counted) {
  std::vector<admin::proxy_statistic> all;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < counted.buckets.size(); ++at) {
    count += counted.buckets[at];
    const auto limit = at < duration_histogram::limits.size() ? duration_histogram::limits[at] : "+Inf";
    all.push_back(
        {fmt::format("{}_bucket{{{}{}le=\"{}\"}}", name, counted.label, counted.label.empty() ? "" : ",", limit),
         count});
  }
  all.push_back({fmt::format("{}_count{}", name, in_braces(counted.label)), count});
  return all;
}

metric kills(const admin::kill_counters& counted) {
  metric made{"kills_total", "counter", "Commands to end a session, a server session or a statement, by outcome.", {}};
  for (std::uint8_t at = 0; at < admin::kill_end_count; ++at) {
    const auto end = static_cast<admin::kill_end>(at);
    made.samples.push_back({fmt::format("{{outcome=\"{}\"}}", to_text(end)), counted.value(end)});
  }
  return made;
}

metric guards(const guard_kills& counted) {
  metric made{"guard_kills_total", "counter", "Sessions that guards ended, and statements that they interrupted.", {}};
  for (std::uint8_t at = 0; at < guard_count; ++at) {
    const auto which = static_cast<guard>(at);
    made.samples.push_back({fmt::format("{{guard=\"{}\"}}", to_text(which)), counted.count(which)});
  }
  return made;
}

/// What clients left running when they went away.
metric abandoned(const abandoned_statements& of) {
  metric made{"abandoned_statements_total", "counter", "Statements whose client went away, by how they fared.", {}};
  using enum admin::kill_end;
  for (const auto each : {killed, no_route, backend_refused, backend_unreachable, timeout}) {
    const auto name = each == killed ? std::string_view("interrupted") : to_text(each);
    made.samples.push_back({fmt::format("{{outcome=\"{}\"}}", name), of.counted().value(each)});
  }
  made.samples.push_back({"{outcome=\"dropped\"}", of.dropped()});
  return made;
}

metric events(const admin::event_log& log) {
  metric made{"events_total", "counter", "Events of sessions and backends, by type.", {}};
  for (std::uint8_t at = 0; at < admin::event_type_count; ++at) {
    const auto type = static_cast<admin::event_type>(at);
    made.samples.push_back({fmt::format("{{type=\"{}\"}}", to_text(type)), log.published(type)});
  }
  return made;
}

std::uint64_t sum_of_controls(const gateway& shared, std::size_t (control_account::*value)() const) {
  std::uint64_t total = 0;
  for (const auto& owner : shared.clusters.all()) {
    for (const auto& each : owner->controls()) total += (*each.*value)();
  }
  return total;
}

}  // namespace

std::vector<metric> collect_metrics(const gateway& shared, workers_view workers) {
  const auto counts = count_sessions(shared.sessions);
  std::vector<metric> all;
  all.push_back({"build_info", "gauge", "The version.", {{"{version=\"" SESSIONGATE_VERSION "\"}", 1}}});
  all.push_back(single("client_sessions", "gauge", "Client sessions that are live.", shared.sessions.size()));
  all.push_back(sessions_by_state(counts));
  for (const auto& each : totals) {
    const auto value = sum(workers, [&each](const counters& of) -> const counter& { return of.*each.member; });
    all.push_back(single(each.name, "counter", each.help, value));
  }
  for (const auto& each : backend_totals) {
    all.push_back(by_backend(each.name, "counter", each.help, shared,
                             [&each](const backend& of) { return (of.counted().*each.value)(); }));
  }
  all.push_back(errors(shared, workers));
  all.push_back(command_times(workers));
  all.push_back(backend_connect_times(shared));
  all.push_back(login_times(workers));
  all.push_back(stops(workers));
  all.push_back(recoveries(workers));
  all.push_back(recovery_times(workers));
  all.push_back(kills(shared.kills));
  all.push_back(guards(shared.guards));
  all.push_back(abandoned(shared.abandoned));
  all.push_back(single("abandoned_statements_waiting", "gauge", "Those that wait for their turn to be interrupted.",
                       shared.abandoned.waiting()));
  all.push_back(single("control_connections", "gauge", "Connections of the control accounts.",
                       sum_of_controls(shared, &control_account::connections)));
  all.push_back(single("control_kills_waiting", "gauge", "Kills that wait for a connection of a control account.",
                       sum_of_controls(shared, &control_account::waiting)));
  all.push_back(
      single("audit_lines_written_total", "counter", "Kills with a line in the audit file.", shared.audit.written()));
  all.push_back(single("audit_lines_lost_total", "counter", "Kills that could not be given one.", shared.audit.lost()));
  all.push_back(single("audit_write_errors_total", "counter", "Attempts to write or rotate the audit file that failed.",
                       shared.audit.errors()));
  all.push_back(single("audit_lines_waiting", "gauge", "Kills that wait for their line.", shared.audit.waiting()));
  all.push_back(events(shared.events));
  all.push_back(single("event_readers", "gauge", "Readers of GET /v1/events.", shared.events.readers()));
  all.push_back(single("event_readers_dropped_total", "counter", "Readers that did not keep up.",
                       shared.events.dropped_readers()));
  all.push_back(worker_sessions(workers));
  all.push_back(worker_rounds(workers));
  all.push_back(by_backend("server_sessions", "gauge", "Connections to the backend that serve sessions.", shared,
                           [&](const backend& of) -> std::uint64_t {
                             const auto found = counts.servers.find(of.name().get());
                             return found == counts.servers.end() ? 0 : found->second;
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
  all.push_back(single("draining", "gauge", "1 while the proxy is stopping.", shared.draining.load() ? 1 : 0));
  return all;
}

std::vector<admin::proxy_statistic> flatten(const metric& histogram) {
  std::vector<admin::proxy_statistic> all;
  for (const auto& each : histogram.distributions) {
    for (auto& sample : count_up(histogram.name, each)) all.push_back(std::move(sample));
    const auto unit = histogram.name.rfind("seconds");
    const auto sum = std::chrono::duration_cast<std::chrono::microseconds>(each.sum).count();
    all.push_back({fmt::format("{}microseconds_sum{}", histogram.name.substr(0, unit), in_braces(each.label)),
                   static_cast<std::uint64_t>(sum)});
  }
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
    for (const auto& spread : each.distributions) {
      for (const auto& sample : count_up(each.name, spread)) {
        fmt::format_to(out, "sessiongate_{} {}\n", sample.name, sample.value);
      }
      const auto sum = std::chrono::duration<double>(spread.sum).count();
      fmt::format_to(out, "sessiongate_{}_sum{} {:.6f}\n", each.name, in_braces(spread.label), sum);
    }
  }
  return page;
}

}  // namespace sessiongate::proxy
