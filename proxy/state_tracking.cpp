#include "proxy/state_tracking.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/session_track.hpp"

#include <algorithm>
#include <cctype>

namespace sessiongate::proxy {

namespace {

using protocol::session_change_kind;

constexpr std::string_view tracking_variable = "session_track_system_variables";
constexpr std::size_t login_variables_max = 4096;

/// What SHOW WARNINGS and ROW_COUNT() give belongs to the statement before: a SET that reads it must not have another
/// statement put between.
bool reads_diagnostics(std::string_view text) {
  constexpr std::string_view sign = "count";  // ROW_COUNT(), @@warning_count, @@error_count
  const auto found = std::ranges::search(
      text, sign, {}, [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return !found.empty();
}

/// SET NAMES … COLLATE …: no server reports this part of it, and there is no other way to write the value.
bool is_plain_collation(const assignment& each) {
  return each.name == "collation_connection" && each.value && each.value->find('_') != std::string::npos;
}

/// With its statement. What a SET has done before its error is not taken back, so what is not plain may have been done.
bool is_certain_to_fail(const assignment& each) {
  const bool doubtful = each.what == assignment::target::names_collation && !each.value;
  return each.what != assignment::target::user_variable && !doubtful;
}

/// A user variable is left as it was when its statement failed, or not: several may have been set before the error.
void doubt(std::vector<assignment>& all) {
  for (auto& each : all) each.value.reset();
}

}  // namespace

state_tracking::state_tracking(client_connection& connection, protocol::capabilities negotiated,
                               protocol::status_flags status)
    : connection_(connection),
      negotiated_(negotiated),
      status_(status),
      reports_(connection.shared().settings.tracking != session_tracking::off &&
               protocol::has(negotiated, protocol::client_session_track)),
      reports_all_(reports_ && connection.shared().settings.tracking == session_tracking::all),
      asked_(!reports_all_) {}

/// The server tells it, in a report or with its status flags. A report may lack a variable that was set: MariaDB's do
/// after SET @@name = ….
bool state_tracking::is_told(const assignment& each) const {
  if (each.what == assignment::target::database) return database_reported_;  // not with session_track_schema off
  if (each.what != assignment::target::system_variable) return false;
  return session::is_hot_variable(each.name) || std::ranges::find(reported_, each.name) != reported_.end();
}

bool state_tracking::wants_more(std::string_view text, bool complete) const {
  if (asked_ || !complete || reads_diagnostics(text)) return false;
  const auto found = find_assignments(text, complete);
  return !found.understood || std::ranges::any_of(found.all, [](const assignment& each) {
    return each.what == assignment::target::system_variable && !protocol::is_reported_by_default(each.name);
  });
}

void state_tracking::begin_statement(std::string_view text, bool complete, std::uint8_t place) {
  auto found = find_assignments(text, complete).all;
  if (!found.empty()) begun_.push_back({place, std::move(found)});
}

bool state_tracking::finish_response(std::uint8_t place, std::uint16_t error, protocol::status_flags now) {
  const bool taken_over = finish_statement(place, error);
  if (taken_over) leave_to_client();
  const bool told = std::ranges::find(reported_, "autocommit") != reported_.end();
  if (!told && ((now ^ status_) & protocol::status_autocommit) != 0) {
    connection_.tracking().set_system_variables(
        {{"autocommit", (now & protocol::status_autocommit) != 0 ? "ON" : "OFF"}});
    brought_up();
  }
  status_ = now;
  reported_.clear();
  database_reported_ = false;
  return taken_over;
}

bool state_tracking::finish_statement(std::uint8_t place, std::uint16_t error) {
  const auto at = std::ranges::find(begun_, place, &statement_begun::place);
  if (at == begun_.end()) return false;
  auto done = std::move(at->will);
  begun_.erase(at);
  const bool plain = done.size() == 1 && done.front().value;  // fails as a whole
  if (plain && error != 0) return false;
  // No server reports it when it is no longer among what is reported.
  const bool taken_over = error == 0 && std::ranges::find(done, tracking_variable, &assignment::name) != done.end();
  std::erase_if(done, [this](const assignment& each) { return is_told(each); });
  if (!done.empty()) apply(std::move(done), error != 0);
  return taken_over;
}

void state_tracking::apply(std::vector<assignment> done, bool failed) {
  if (failed) {
    std::erase_if(done, is_certain_to_fail);
    doubt(done);
  }
  // What the server was asked to report and did not: MariaDB's way with SET @@name = …. It may hold another form of
  // what was written (sql_mode = 'ANSI').
  const bool unreported = reports_all_;
  std::vector<session::variable_change> user;
  std::vector<session::variable_change> system;
  std::vector<std::optional<std::string>> collations;
  for (auto& each : done) {
    if (each.what == assignment::target::database) {
      if (!each.value) continue;
      connection_.publish_database(*each.value);
      entered_ = true;
    } else if (each.what == assignment::target::names_collation) {
      collations.push_back(std::move(each.value));
    } else if (each.what == assignment::target::user_variable) {
      user.push_back({std::move(each.name), std::move(each.value)});
    } else {
      if (unreported && !is_plain_collation(each)) each.value.reset();
      system.push_back({std::move(each.name), std::move(each.value)});
    }
  }
  auto& state = connection_.tracking();
  state.set_user_variables(user, connection_.shared().settings.user_variables_max);
  state.set_system_variables(system);
  for (const auto& each : collations) state.set_names_collation(each);
  brought_up();
}

/// The client's own wish stands.
void state_tracking::leave_to_client() {
  asked_ = true;
  holds_ = false;
}

void state_tracking::brought_up() {
  if (auto* const server = connection_.bound()) server->bring_to(connection_.tracked().versions());
}

bool state_tracking::take_report(protocol::bytes_view ok_payload, bool after_reset) {
  if (!reports_) return false;
  const auto ok = protocol::parse_ok_packet(ok_payload, negotiated_);
  if (!ok) return false;
  if (after_reset) {
    connection_.tracking().begin_with(read_login_state(ok->state_info));
    brought_up();
    return false;
  }
  const auto changes = protocol::parse_session_changes(ok->state_info);
  if (!changes) return false;
  bool taken_over = false;
  std::vector<session::variable_change> variables;
  for (const auto& each : *changes) {
    if (each.kind == session_change_kind::schema) {
      connection_.publish_database(each.value);
      entered_ = database_reported_ = true;
    } else if (each.kind == session_change_kind::system_variable) {
      taken_over = taken_over || each.name == tracking_variable;
      variables.push_back({each.name, each.value});
      reported_.push_back(each.name);
    }
  }
  connection_.tracking().set_system_variables(variables);
  brought_up();
  if (taken_over) leave_to_client();
  return taken_over;
}

void state_tracking::reset() {
  connection_.tracking().reset();
  brought_up();
  asked_ = !reports_all_;
  holds_ = entered_ = false;
  begun_.clear();
}

session::tracked_snapshot read_login_state(std::string_view state_info) {
  thread_local std::string last_info;
  thread_local session::tracked_snapshot last = session::no_variables();
  if (state_info == last_info) return last;
  const auto changes = protocol::parse_session_changes(state_info);
  if (!changes) return session::no_variables();
  session::tracked_variables reported;
  for (const auto& each : *changes) {
    if (each.kind != session_change_kind::system_variable) continue;
    session::put_variable(reported.system, {each.name, each.value, {}, false}, login_variables_max);
  }
  last_info = state_info;
  last = std::make_shared<const session::tracked_variables>(std::move(reported));
  return last;
}

}  // namespace sessiongate::proxy
