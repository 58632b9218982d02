#include "proxy/session_events.hpp"

#include "proxy/log.hpp"

#include "admin/statement_mask.hpp"

#include <chrono>
#include <utility>

namespace sessiongate::proxy {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

admin::event about(client_connection& connection, admin::event_type type) {
  admin::event made{.type = type};
  made.owner = connection.who();
  made.proxy_sessid = connection.proxy_sessid();
  made.cs_id = connection.cs_id();
  made.host = connection.session::client_session::client().text();
  made.database = *connection.database();
  if (const auto* server = connection.bound()) {
    made.connection_id = server->connection_id();
    made.backend = server->backend().text();
  }
  return made;
}

void publish_state(gateway& shared, const backend& about, std::string_view state, std::string_view why) {
  if (!shared.events.wanted()) return;
  admin::event turned{.type = admin::event_type::backend_state};
  turned.backend = about.name()->text();
  turned.outcome = state;
  turned.detail = why;
  shared.events.publish(std::move(turned));
}

void tell_turn(gateway& shared, const cluster& owner, const backend& about, const backend_health::turn& turn) {
  log_event(turn.now == backend_state::down ? log_level::warning : log_level::info, "backend_state",
            {{"cluster", owner.name()},
             {"backend", about.name()->text()},
             {"state", to_text(turn.now)},
             {"was", to_text(turn.before)},
             {"reason", turn.reason}});
  publish_state(shared, about, to_text(turn.now), turn.reason);
}

}  // namespace

void tell_opened(client_connection& connection) {
  auto& events = connection.shared().events;
  if (events.wanted()) events.publish(about(connection, admin::event_type::session_opened));
}

void tell_closed(client_connection& connection, const session::stop_request& why, bool logged_in) {
  auto& events = connection.shared().events;
  if (!events.wanted()) return;
  auto closed = about(connection, admin::event_type::session_closed);
  if (!logged_in) closed.owner = nullptr;  // what it said of itself is only a claim
  closed.outcome = session::to_text(why.reason);
  closed.detail = why.detail;
  closed.duration = duration_cast<microseconds>(closed.at - connection.accepted_at());
  events.publish(std::move(closed));
}

void tell_slow(client_connection& connection, protocol::command answered, session::ticks took) {
  auto& events = connection.shared().events;
  if (!events.wanted()) return;
  auto slow = about(connection, admin::event_type::statement_slow);
  slow.outcome = command_class_names[static_cast<std::size_t>(class_of(answered))];
  if (const auto text = connection.activity().statement(connection.cs_id()))
    slow.statement = admin::mask_literals(text->text);
  slow.duration = duration_cast<microseconds>(session::to_duration(took));
  events.publish(std::move(slow));
}

void note_login_failure(client_connection& connection, backend& about, const protocol::server_error& error) {
  if (connection.ended()) return;
  if (error.code == protocol::er::cannot_connect)
    note_unreached(connection.shared(), connection.cluster(), about, error.message);
  if (error.code == protocol::er::con_count_error) about.health().note_full(backend_health::clock::now());
}

void note_reached(gateway& shared, const cluster& owner, backend& about) {
  if (const auto turn = about.health().succeed(backend_health::clock::now())) tell_turn(shared, owner, about, *turn);
}

void tell_drain(gateway& shared, const cluster& owner, const backend& about, bool drained, std::string_view why) {
  log_event(log_level::info, drained ? "backend_drained" : "backend_undrained",
            {{"cluster", owner.name()}, {"backend", about.name()->text()}, {"why", why}});
  publish_state(shared, about, drained ? "drained" : "undrained", why);
}

void note_unreached(gateway& shared, const cluster& owner, backend& about, std::string_view why, bool for_good) {
  const auto turn = about.health().fail(backend_health::clock::now(), why, for_good);
  if (turn) tell_turn(shared, owner, about, *turn);
}

}  // namespace sessiongate::proxy
