// What every worker and the admin thread share. Made by main() before any thread starts, and outlives them all.
#pragma once

#include "proxy/abandoned_statements.hpp"
#include "proxy/admission.hpp"
#include "proxy/audit_writer.hpp"
#include "proxy/auth_keys.hpp"
#include "proxy/cluster_set.hpp"
#include "proxy/config.hpp"
#include "proxy/guard_kills.hpp"
#include "proxy/tls_context.hpp"

#include "admin/drains.hpp"
#include "admin/event_log.hpp"
#include "admin/kill_counters.hpp"
#include "admin/kill_log.hpp"
#include "admin/login_throttle.hpp"
#include "admin/proxy_view.hpp"
#include "session/closed_sessions.hpp"
#include "session/ids.hpp"
#include "session/published.hpp"
#include "session/registry.hpp"
#include "session/ticks.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <limits>

namespace sessiongate::proxy {

struct gateway {
  /// `admin` is the admin thread's: the control accounts' connections live there.
  gateway(config read, poller& admin)
      : settings(std::move(read)),
        current(settings),
        admin_thread(admin.context()),
        tls(settings),
        ids(settings.id_reuse_delay),
        closed(settings.closed_sessions_max),
        audit({.path = settings.audit_file,
               .size_max = settings.audit_file_max,
               .files_max = settings.audit_files_max,
               .queue_max = settings.audit_queue_max}),
        events(settings.events_max),
        trail(settings.kills_max, [this](const admin::kill_log::entry& done) { tell_kill(done); }),
        entrance(settings),
        keys(settings),
        clusters(settings, keys, tls, admin),
        abandoned(admin_thread, current, sessions, clusters, trail),
        guards(admin_thread, settings, sessions, clusters, trail, kills),
        throttle({.longest_delay = settings.login_delay_max}) {}

  /// From now on, and after each change, slow-statement-time counts.
  void watch_slow_statements() {
    const auto limit = current.load()->slow_statement_time;
    slow_after.store(limit.count() == 0 ? std::numeric_limits<session::ticks>::max() : session::to_ticks(limit),
                     std::memory_order_relaxed);
  }

  const config settings;                           // as they were at start
  session::published<config> current;              // with what was changed since: for settings that can be
  std::atomic<std::uint64_t> settings_version{1};  // counts what was changed
  boost::asio::io_context& admin_thread;           // for what takes longer than a worker may be away from its sessions
  tls_context tls;
  session::registry sessions;
  session::id_source ids;
  session::closed_sessions closed;
  audit_writer audit;
  admin::event_log events;
  admin::kill_log trail;  // of what everybody kills, the proxy included
  admission entrance;
  auth_keys keys;
  cluster_set clusters;
  abandoned_statements abandoned;
  admin::kill_counters kills;
  guard_kills guards;
  admin::proxy_view* view = nullptr;           // the server's; set before any thread starts
  admin::drains* draining_sessions = nullptr;  // the server's; set before any thread starts
  admin::login_throttle throttle;              // of logins to the proxy itself: HTTP and root@proxysys alike
  std::atomic<session::ticks> slow_after{std::numeric_limits<session::ticks>::max()};  // a statement of so many is slow
  std::atomic<bool> draining{false};  // sessions end as soon as they are between transactions

 private:
  void tell_kill(const admin::kill_log::entry& done) {
    audit.add(done);
    if (events.wanted()) events.publish({.type = admin::event_type::kill, .killed = done});
  }
};

}  // namespace sessiongate::proxy
