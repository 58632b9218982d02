#include "proxy/proxy_report.hpp"

#include "proxy/client_connection.hpp"
#include "proxy/log.hpp"
#include "proxy/metrics.hpp"
#include "proxy/session_events.hpp"
#include "proxy/session_guard.hpp"
#include "proxy/settings.hpp"

#include "admin/failures.hpp"
#include "admin/session_id.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <malloc.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace sessiongate::proxy {

namespace {

constexpr std::string_view masked = "********";

/// `kill_timeout` is `kill-timeout`, as in the configuration file.
const setting* find_setting(std::string_view name) {
  std::string wanted(name);
  std::ranges::replace(wanted, '_', '-');
  const auto found = std::ranges::find(settings(), wanted, &setting::name);
  return found == settings().end() ? nullptr : &*found;
}

/// Pages of memory that the process has resident, in bytes.
std::uint64_t resident_size() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string version_of(const backend& server) {
  const auto greeting = server.last_greeting();
  return greeting->flags == 0 ? std::string() : greeting->server_version;
}

std::string addresses_of(const backend& server) {
  std::string all;
  for (const auto& each : *server.resolved()) {
    const auto at = server.name()->is_unix() ? *server.name() : admin::to_endpoint(each);
    all += (all.empty() ? "" : ",") + at.text();
  }
  return all;
}

constexpr std::string_view drained = "drained";

std::string words_of(const admin::backend_drain& drain) {
  return "by " + drain.by + (drain.reason.empty() ? "" : ": " + drain.reason);
}

void add_sessions(admin::proxy_backend& to, std::uint64_t count) {
  to.server_sessions = count;
  if (to.state == drained && count > 0) to.state = "draining";
}

admin::proxy_backend describe(const cluster& owner, const backend& server) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  const auto health = server.health().look();
  const auto check = server.last_check();
  admin::proxy_backend made;
  made.cluster = owner.name();
  made.address = server.name()->text();
  made.version = version_of(server);
  made.state = made.health = to_text(health.state);
  made.reason = health.reason;
  made.since = health.since;
  if (const auto drain = server.drain()) {
    made.state = drained;
    made.reason = words_of(*drain);
    made.since = drain->since;
  }
  if (health.failures > 0) made.retry = health.pause;
  made.addresses = addresses_of(server);
  made.order = to_text(owner.settings().order);
  made.weight = server.weight();
  made.credentials = to_text(owner.settings().credentials);
  made.logins = server.counted().logins();
  made.failures = server.counted().failures();
  made.connect_time = duration_cast<microseconds>(session::to_duration(server.counted().last_connect()));
  made.check_time = check->took;
  made.check_problem = check->problem;
  made.read_only = check->read_only;
  made.risky_routines = server.hidden().risky();
  return made;
}

}  // namespace

std::vector<admin::proxy_setting> proxy_report::settings() const {
  const auto current = shared_.current.load();
  std::vector<admin::proxy_setting> all;
  for (const auto& each : proxy::settings()) {
    all.push_back({std::string(each.name), each.show(*current), std::string(each.help), !each.live});
  }
  const std::array<std::pair<std::string_view, bool>, 3> secrets{
      {{"admin-token", !current->admin_token.empty()},
       {"proxysys-password", current->proxysys_password.has_value()},
       {"control-password", !current->control_password.empty()}}};
  for (const auto& [name, set] : secrets) {
    all.push_back(
        {std::string(name), std::string(set ? masked : ""), "a secret, from its file or the environment", true});
  }
  return all;
}

std::variant<admin::acknowledgement, admin::failure> proxy_report::change_setting(std::string_view name,
                                                                                  std::string_view value) {
  const auto* const known = find_setting(name);
  if (known == nullptr) return admin::unknown_setting(name);
  if (!known->live) return admin::read_only_setting(known->name);
  const std::lock_guard lock(changing_);
  auto next = *shared_.current.load();
  const auto before = known->show(next);
  if (const auto wrong = known->assign(next, value); !wrong.empty()) {
    return admin::wrong_setting_value(known->name, value, wrong);
  }
  const auto after = known->show(next);
  if (next.log_level != shared_.current.load()->log_level) set_log_level(next.log_level);
  const auto interval = look_interval(next);
  shared_.current.store(std::move(next));
  shared_.watch_slow_statements();
  shared_.settings_version.fetch_add(1, std::memory_order_relaxed);
  for (const auto& each : workers_) {
    boost::asio::post(each->executor(), [home = each.get(), interval] { home->look_at_clients_every(interval); });
  }
  log_event(log_level::info, "setting_changed", {{"name", known->name}, {"from", before}, {"to", after}});
  return admin::acknowledgement{fmt::format("{} = {} (was {})", known->name, after, before)};
}

std::vector<admin::proxy_statistic> proxy_report::statistics() const {
  std::vector<admin::proxy_statistic> all;
  for (const auto& each : collect_metrics(shared_, workers_)) {
    for (const auto& sample : each.samples) all.push_back({std::string(each.name) + sample.labels, sample.value});
    for (auto& sample : flatten(each)) all.push_back(std::move(sample));
  }
  return all;
}

std::vector<admin::proxy_thread> proxy_report::threads() const {
  std::vector<admin::proxy_thread> all;
  for (const auto& each : workers_) {
    const auto& counted = each->counted();
    all.push_back({each->thread_id(), each->load(), counted.accepted.value(), counted.logins.value(),
                   counted.commands.value(), counted.admin_commands.value(), counted.bytes_from_clients.value(),
                   counted.bytes_from_backends.value()});
  }
  return all;
}

std::vector<admin::memory_use> proxy_report::memory() const {
  const auto heap = ::mallinfo2();
  const auto resident = resident_size();
  const auto sessions = shared_.sessions.size();
  const auto buffers = workers_.size() * shared_.settings.read_buffer_size;
  return {{"resident", "process", resident, resident, 1},
          {"heap", "heap", heap.arena + heap.hblkhd, heap.uordblks + heap.hblkhd, heap.hblks + 1},
          {"worker_read_buffers", "buffer", buffers, buffers, workers_.size()},
          {"logins", "buffer", shared_.settings.login_memory_max, shared_.entrance.login_memory.taken(), 1},
          {"client_sessions", "record", sessions * sizeof(client_connection), sessions * sizeof(client_connection),
           sessions}};
}

std::vector<admin::proxy_fact> proxy_report::facts() const {
  using std::chrono::floor;
  using std::chrono::seconds;
  const auto now = std::chrono::system_clock::now();
  const auto& read = shared_.settings;
  return {{"version", SESSIONGATE_VERSION},
          {"compiler", __VERSION__},
          {"pid", std::to_string(::getpid())},
          {"started_at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(floor<seconds>(started_)))},
          {"uptime_seconds", std::to_string(floor<seconds>(now - started_).count())},
          {"workers", std::to_string(workers_.size())},
          {"listen", read.listen.text()},
          {"admin_listen", read.admin_enabled ? read.admin_listen.text() : "off"},
          {"config_file", read.config_file},
          {"draining", shared_.draining.load() ? "true" : "false"}};
}

std::vector<admin::proxy_backend> proxy_report::backends() const {
  std::map<const session::endpoint*, std::uint64_t> servers;
  for (const auto& each : shared_.sessions.list()) {
    for (const auto& server : each->server_sessions()) ++servers[server->shared_backend().get()];
  }
  std::vector<admin::proxy_backend> all;
  for (const auto& owner : shared_.clusters.all()) {
    for (const auto& each : owner->backends()) {
      all.push_back(describe(*owner, *each));
      add_sessions(all.back(), servers[each->name().get()]);
    }
  }
  return all;
}

std::optional<admin::found_backend> proxy_report::find_backend(std::string_view cluster,
                                                               std::string_view backend) const {
  for (const auto& owner : shared_.clusters.all()) {
    if (!owner->name().empty() && owner->name() != cluster) continue;
    for (const auto& each : owner->backends()) {
      if (admin::is_backend(backend, *each->name())) return admin::found_backend{owner->name(), each->name()};
    }
  }
  return std::nullopt;
}

std::optional<admin::backend_drain> proxy_report::set_drained(const admin::found_backend& which,
                                                              std::optional<admin::backend_drain> drain) {
  const std::lock_guard lock(changing_);
  for (const auto& owner : shared_.clusters.all()) {
    for (const auto& each : owner->backends()) {
      if (each->name() != which.name) continue;
      auto before = each->drain();
      const bool turns = before.has_value() != drain.has_value();
      const auto why = drain ? words_of(*drain) : std::string();
      each->set_drain(std::move(drain));
      if (turns) tell_drain(shared_, *owner, *each, each->drained(), why);
      return before;
    }
  }
  return std::nullopt;
}

}  // namespace sessiongate::proxy
