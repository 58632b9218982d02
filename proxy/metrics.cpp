#include "proxy/metrics.hpp"

#include "proxy/backend_metrics.hpp"
#include "proxy/credential_metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

namespace {

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

struct session_counts {
  std::uint64_t login = 0;
  std::uint64_t idle = 0;
  std::uint64_t idle_in_transaction = 0;
  std::uint64_t running = 0;
  server_session_counts servers;
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
  add_worker_metrics(all, workers);
  add_backend_metrics(all, shared, counts.servers);
  add_credential_metrics(all, shared);
  all.push_back(errors(shared, workers));
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
  all.push_back(single("draining", "gauge", "1 while the proxy is stopping.", shared.draining.load() ? 1 : 0));
  return all;
}

std::string render_metrics(const gateway& shared, workers_view workers) {
  std::string page;
  for (const auto& each : collect_metrics(shared, workers)) write(page, each);
  return page;
}

}  // namespace sessiongate::proxy
