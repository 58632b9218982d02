#include "proxy/session_rebuild.hpp"

#include "proxy/own_response.hpp"
#include "proxy/recovery_login.hpp"
#include "proxy/server_conversation.hpp"
#include "proxy/state_replay.hpp"
#include "proxy/state_tracking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

namespace sessiongate::proxy {

using protocol::command;
using session::recovery_obstacle;
using steady = std::chrono::steady_clock;
using possible_failure = std::optional<recovery_failure>;
using database_name = std::shared_ptr<const std::string>;

namespace {

/// How a statement's text is understood depends on these, and on the database.
bool reads_alike(const preparing_state& then, const preparing_state& now) {
  if (then.variables == now.variables) return true;
  for (const auto* name : {"sql_mode", "character_set_client", "character_set_connection", "collation_connection"}) {
    const auto* const before = session::find_variable(then.variables->system, name);
    const auto* const after = session::find_variable(now.variables->system, name);
    if ((before == nullptr) != (after == nullptr)) return false;
    if (before == nullptr) continue;
    using enum session::tracked_variable::knowledge;
    const bool both_known = before->known == known && after->known == known;
    if (!both_known || before->value != after->value) return false;
  }
  return true;
}

/// A session cannot be brought back to having no database.
bool means_the_same(const preparing_state& then, const preparing_state& now) {
  return then.unseen_changes == now.unseen_changes && reads_alike(then, now) &&
         then.database->empty() == now.database->empty();
}

class session_rebuild {
 public:
  session_rebuild(client_connection& connection, lost_session& what, rebuild_scope scope)
      : connection_(connection), lost_(what), scope_(scope) {}

  awaitable<std::variant<recovery_failure, backend_login>> run();

 private:
  [[nodiscard]] recovery_failure find_obstacle() const;
  awaitable<possible_failure> rebuild(server_conversation& server);
  awaitable<possible_failure> give_login_state(server_conversation& server);
  awaitable<possible_failure> reset(server_conversation& server);
  awaitable<possible_failure> give_state(server_conversation& server);
  awaitable<possible_failure> prepare_again(server_conversation& server);
  awaitable<std::variant<recovery_failure, wanted_state>> work_out_wanted(server_conversation& server);
  [[nodiscard]] tracked_state describe_tracked() const;
  awaitable<possible_failure> change_database(server_conversation& server, database_name& from, database_name to);
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  client_connection& connection_;
  lost_session& lost_;
  rebuild_scope scope_;
  steady::time_point until_ = steady::now() + connection_.shared().current.load()->recovery_timeout;
  backend_login made_;
};

global_variables read_globals(protocol::bytes_view packets) {
  global_variables read;
  for (auto& row : read_rows(packets)) read.insert_or_assign(std::move(row.front()), std::move(row.back()));
  return read;
}

std::shared_ptr<const global_variables> by_lower_name(const server_globals& read) {
  global_variables all;
  for (const auto& [name, value] : read.all()) {
    auto lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
    all.insert_or_assign(std::move(lower), value);
  }
  return std::make_shared<const global_variables>(std::move(all));
}

recovery_failure lost_again(const server_conversation::answer& answer) {
  return {answer.lost ? recovery_obstacle::backend_unreachable : recovery_obstacle::replay_refused,
          fmt::format("{} {}", answer.error->code, answer.error->message)};
}

/// What is known to be in the way before anything is tried.
recovery_failure session_rebuild::find_obstacle() const {
  if (scope_ == rebuild_scope::login) return {};
  if (lost_.why_not.obstacle != recovery_obstacle::none) return lost_.why_not;
  if (lost_.saved) return {lost_.watch.certain_obstacle(), {}};
  if (connection_.shared().settings.recovery != recovery_mode::all)
    return {recovery_obstacle::no_tracking, "--recovery planned"};
  if (const auto held = lost_.watch.obstacle(); held != recovery_obstacle::none) return {held, {}};
  if (!lost_.reports_all) return {recovery_obstacle::no_tracking, {}};
  if (lost_.at->hides_changes(lost_.watch.logged_in_at()))
    return {recovery_obstacle::hidden_changes, lost_.at->hidden().why_unknown()};
  auto tracked = describe_tracked();
  if (!tracked.globals_before) {
    const auto reason = lost_.at->globals_at(lost_.watch.logged_in_at()).reason;
    return {recovery_obstacle::hidden_changes, std::string(reason)};
  }
  tracked.globals_now = tracked.globals_before;  // those of the fresh session are known when there is one
  return proxy::find_obstacle(tracked);
}

std::chrono::milliseconds session_rebuild::time_left() const {
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(until_ - steady::now()),
                  std::chrono::milliseconds(0));
}

awaitable<std::variant<recovery_failure, backend_login>> session_rebuild::run() {
  if (auto known = find_obstacle(); known.obstacle != recovery_obstacle::none) co_return known;
  auto begun = co_await log_in_again(connection_, lost_.watch.login(), lost_.negotiated, until_);
  if (auto* failed = std::get_if<recovery_failure>(&begun)) co_return std::move(*failed);
  made_ = std::get<recovery_start>(begun).made;
  server_conversation server(*connection_.backend(), connection_.home().buffer(), made_.negotiated, made_.status,
                             connection_.shared().settings.recovery_state_max);
  const deadline limit(connection_.home(), time_left(), [this] { connection_.backend()->close(); });
  if (auto failed = co_await rebuild(server)) {
    connection_.detach_backend();
    co_return std::move(*failed);
  }
  made_.status = server.status();
  lost_.watch.recovered(lost_.saved ? lost_.saved->unanswerable : lost_.watch.gaps_when_lost());
  lost_.saved.reset();
  connection_.bound()->bring_to(connection_.tracked().versions());
  co_return made_;
}

awaitable<possible_failure> session_rebuild::rebuild(server_conversation& server) {
  lost_.watch.prepared().begin_translating();
  if (auto failed = co_await give_login_state(server)) co_return failed;
  if (scope_ == rebuild_scope::login) co_return std::nullopt;
  if (auto failed = co_await give_state(server)) co_return failed;
  if (auto failed = co_await prepare_again(server)) co_return failed;
  // ROW_COUNT(), FOUND_ROWS() and warnings are again what the replay's last question leaves. Servers forget the
  // warnings of statements before only at one with a table.
  const auto told = co_await server.query("SELECT 1 FROM (SELECT 1) AS t LIMIT 1");
  if (told.error) co_return lost_again(told);
  co_return std::nullopt;
}

/// What the client set by commands. The database is part of the login.
awaitable<possible_failure> session_rebuild::give_login_state(server_conversation& server) {
  const auto& watch = lost_.watch;
  if (watch.began_with() != recovery_watch::beginning::login && scope_ == rebuild_scope::state) {
    if (auto failed = co_await reset(server)) co_return failed;
  }
  if (const auto option = watch.option()) {
    const protocol::bytes value{static_cast<std::uint8_t>(*option & 0xFFU), static_cast<std::uint8_t>(*option >> 8U)};
    if (const auto told = co_await server.say(command::set_option, value); told.error) co_return lost_again(told);
  }
  co_return std::nullopt;
}

/// COM_CHANGE_USER gives what a reset does, and the variables of its database, as entering one does. Servers before
/// MySQL 5.7 and MariaDB 10.2 know that alone: there it is a login without init_connect.
awaitable<possible_failure> session_rebuild::reset(server_conversation& server) {
  const bool entered = lost_.entered_database || lost_.watch.began_with() == recovery_watch::beginning::change_user;
  auto told = co_await server.say(command::reset_connection, {});
  if (told.error && told.error->code == protocol::er::unknown_command) {
    const auto init = co_await server.query("SELECT @@init_connect = ''");
    const auto rows = read_rows(init.packets);
    if (rows.empty() || rows.front().front() != "1")
      co_return recovery_failure{recovery_obstacle::state_differs, "init_connect"};
    co_return std::nullopt;
  }
  if (const auto database = connection_.database(); !told.error && entered && !database->empty())
    told = co_await server.say(command::init_db, protocol::as_bytes(*database));
  if (told.error) co_return lost_again(told);
  co_return std::nullopt;
}

/// What the old session had, and then the proof that the new one has it.
awaitable<possible_failure> session_rebuild::give_state(server_conversation& server) {
  auto wanted = co_await work_out_wanted(server);
  if (auto* failed = std::get_if<recovery_failure>(&wanted)) co_return std::move(*failed);
  state_replay replay(std::get<wanted_state>(std::move(wanted)), server_version::parse(connection_.server_version()),
                      connection_.shared().settings.recovery_state_max, made_.negotiated);
  while (const auto command = replay.next()) {
    const auto told = co_await server.send(*command);
    if (told.lost) co_return lost_again(told);
    replay.take(told.packets);
  }
  if (replay.failure().obstacle != recovery_obstacle::none) co_return replay.failure();
  if (lost_.saved || !lost_.asked_for_reports) co_return std::nullopt;  // what was read has the client's own setting
  const auto told = co_await server.query(state_tracking::statement);
  if (told.error) co_return lost_again(told);
  co_return std::nullopt;
}

awaitable<std::variant<recovery_failure, wanted_state>> session_rebuild::work_out_wanted(server_conversation& server) {
  if (lost_.saved) co_return wanted_state(*lost_.saved);
  auto known = describe_tracked();
  const auto told = co_await server.query("SHOW GLOBAL VARIABLES");
  if (told.error) co_return lost_again(told);
  known.globals_now = std::make_shared<const global_variables>(read_globals(told.packets));
  co_return wanted_state(std::move(known));
}

/// Of a session that nobody asked before it went.
tracked_state session_rebuild::describe_tracked() const {
  tracked_state known;
  const auto& tracked = connection_.tracked();
  const auto database = connection_.database();
  known.variables = tracked.variables();
  if (!database->empty()) known.database = *database;
  known.last_insert_id = 0;  // where it is another one, statements that ask for it are refused
  known.seen = lost_.watch.hazards();
  if (const auto then = lost_.at->globals_at(lost_.watch.logged_in_at()); then.variables)
    known.globals_before = by_lower_name(*then.variables);
  return known;
}

awaitable<possible_failure> session_rebuild::prepare_again(server_conversation& server) {
  auto& prepared = lost_.watch.prepared();
  const preparing_state now{connection_.database(), connection_.tracked().variables(), lost_.watch.unseen_changes()};
  auto in = now.database;
  for (const auto& [client_id, statement] : prepared.all()) {
    if (!means_the_same(statement.under, now)) co_return recovery_failure{recovery_obstacle::prepared_elsewhere, {}};
    if (auto failed = co_await change_database(server, in, statement.under.database)) co_return failed;
    const auto told = co_await server.say(command::stmt_prepare, protocol::as_bytes(statement.text));
    if (told.error) co_return lost_again(told);
    prepared.moved(client_id, told.prepared_id);
  }
  co_return co_await change_database(server, in, now.database);
}

awaitable<possible_failure> session_rebuild::change_database(server_conversation& server, database_name& from,
                                                             database_name to) {
  if (*from == *to) co_return std::nullopt;
  const auto told = co_await server.say(command::init_db, protocol::as_bytes(*to));
  if (told.error) co_return lost_again(told);
  from = std::move(to);
  co_return std::nullopt;
}

}  // namespace

bool can_prepare_again(const client_connection& connection, lost_session& of) {
  const preparing_state now{connection.database(), connection.tracked().variables(), of.watch.unseen_changes()};
  return std::ranges::all_of(of.watch.prepared().all(),
                             [&](const auto& each) { return means_the_same(each.second.under, now); });
}

snapshot_reading begin_reading(client_connection& connection, const lost_session& of) {
  const auto tracked = connection.tracked().variables();
  reading_input input;
  input.server = server_version::parse(connection.server_version());
  input.seen = of.watch.hazards();
  for (const auto& each : tracked->user) input.user_variables.push_back(each.name);
  input.all_known = !tracked->incomplete && (input.seen & (hazard::hidden | hazard::user_variable)) == 0 &&
                    std::ranges::all_of(tracked->user, session::has_ascii_name);
  input.size_max = connection.shared().settings.recovery_state_max;
  return {std::move(input), of.negotiated};
}

awaitable<std::variant<recovery_failure, backend_login>> rebuild_session(client_connection& connection,
                                                                         lost_session& what, rebuild_scope scope) {
  session_rebuild under_way(connection, what, scope);
  co_return co_await under_way.run();
}

}  // namespace sessiongate::proxy
