// The relay of a client session that outlives its server session: what is kept when that goes, and the fresh one at the
// next statement.
#include "proxy/relay.hpp"

#include "proxy/error_reply.hpp"
#include "proxy/log.hpp"
#include "proxy/own_response.hpp"
#include "proxy/session_rebuild.hpp"

#include "protocol/statement.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>
#include <variant>

namespace sessiongate::proxy {

namespace asio = boost::asio;
namespace er = protocol::er;
using protocol::command;
using session::recovery_obstacle;
using session::stop_reason;

namespace {

bool names_statement(command type) {
  switch (type) {
    case command::stmt_execute:
    case command::stmt_close:
    case command::stmt_reset:
    case command::stmt_fetch:
    case command::stmt_send_long_data:
    case command::mariadb_stmt_bulk_execute:
      return true;
    default:
      return false;
  }
}

std::string how_it_went(const session::stop_request& because) {
  switch (because.reason) {
    case stop_reason::server_session_killed:
      return "was ended by KILL PROXYSESSION";
    case stop_reason::drained_by_command:
      return "was ended because its backend is drained";
    default:
      return "was lost: " + because.detail;
  }
}

}  // namespace

/// Of sessions whose server session can be replaced: what a command needs before it may go.
relay::scan::halt relay::consider_recovery(const protocol::command_framer::step& started) {
  auto& watch = replacing_->watch;
  if (started.type == command::stmt_prepare && !started.is_whole() &&
      started.size <= connection_.shared().settings.recovery_state_max)
    return scan::halt::need_more;
  if (names_statement(started.type) && watch.prepared().translates() && !shown_id_) {
    const auto id = protocol::parse_statement_id(started.payload);
    if (!id) return started.is_whole() ? scan::halt::none : scan::halt::need_more;
    const bool may_change = started.type == command::stmt_execute && !started.is_whole();
    if (may_change && started.size <= connection_.shared().settings.recovery_state_max) return scan::halt::need_more;
    return scan::halt::translate;
  }
  if (started.type == command::reset_connection && watch.may_have_set_role() && !role_asked_) return scan::halt::role;
  if (watch.has_gaps() && watch.gap_in(statement_of(started)) != recovery_obstacle::none) return scan::halt::gap;
  return started.type == command::stmt_execute && misses_types(started) ? scan::halt::bind_types : scan::halt::none;
}

/// The client counts on the types of an execution that this server session has not seen.
bool relay::misses_types(const protocol::command_framer::step& started) const {
  auto& prepared = replacing_->watch.prepared();
  if (!prepared.translates() || !shown_id_) return false;
  const auto* const statement = prepared.find(*shown_id_);
  if (statement == nullptr || !statement->types_missing) return false;
  const auto told = protocol::find_binding(started.payload, statement->parameters, client_capabilities_);
  return !told || (*told && (*told)->types.empty());
}

/// Puts them into the execution at the front of kept_, when all of it is there.
task<> relay::bind_types() {
  const auto started = framer_.next(kept_);
  const auto* const statement = replacing_->watch.prepared().find(*shown_id_);
  const auto told = protocol::find_binding(started.payload, statement->parameters, client_capabilities_);
  const auto size = started.size - protocol::packet_header_size + statement->types.size();
  if (!told || (*told)->count != statement->types_count || size >= protocol::packet_payload_max) {
    refuse_unrecovered({recovery_obstacle::prepared_elsewhere, "the types of its parameters are not known"});
    co_return;
  }
  const auto flag = kept_.begin() + static_cast<std::ptrdiff_t>(protocol::packet_header_size + (*told)->flag_at);
  *flag = 1;
  kept_.insert(flag + 1, statement->types.begin(), statement->types.end());
  for (std::size_t each = 0; each < 3; ++each) kept_[each] = static_cast<std::uint8_t>(size >> (8 * each));
}

/// The text that a command runs, as far as it is known.
std::string_view relay::statement_of(const protocol::command_framer::step& started) const {
  if (started.type == command::query) return text_of(started);
  if (started.type != command::stmt_execute) return {};
  const auto id = protocol::parse_statement_id(started.payload);
  const auto* const prepared = id ? replacing_->watch.prepared().find(shown_id_.value_or(*id)) : nullptr;
  return prepared == nullptr ? std::string_view() : prepared->text;
}

/// A command goes to the server.
void relay::watch_command(const protocol::command_framer::step& started) {
  auto& watch = replacing_->watch;
  const auto place = tracker_.place_sent();
  if (started.type == command::query) {
    watch.begin_query(text_of(started), started.is_whole());
  } else if (started.type == command::stmt_prepare) {
    watch.begin_prepare(protocol::as_text(started.payload.subspan(1)), started.is_whole(),
                        {connection_.database(), connection_.tracked().variables(), watch.unseen_changes()}, place);
  } else {
    watch.begin_command(started, std::exchange(shown_id_, std::nullopt), place);
    role_asked_ = false;
  }
}

void relay::watch_response(command answered, bool with_insert_id) {
  auto& watch = replacing_->watch;
  watch.end_response({.answered = answered,
                      .place = tracker_.place_ended(),
                      .error = tracker_.last_error(),
                      .status = tracker_.status(),
                      .prepared_id = tracker_.prepared_id(),
                      .prepared_parameters = tracker_.prepared_parameters(),
                      .has_insert_id = with_insert_id});
  tracker_.show_prepared_as(watch.prepared().next_shown());
  publish_outlook();
}

void relay::publish_outlook() {
  const auto& watch = replacing_->watch;
  auto when_lost = watch.obstacle();
  if (when_lost == recovery_obstacle::none && !state_.reports_all()) when_lost = recovery_obstacle::no_tracking;
  connection_.note_login_time(watch.logged_in_at());
  connection_.publish_obstacles(watch.certain_obstacle(), when_lost);
}

/// The command at the front of kept_ names a statement by the number that the client knows it by.
task<> relay::translate_statement() {
  const auto id = *protocol::parse_statement_id(protocol::bytes_view(kept_).subspan(protocol::packet_header_size));
  // Which one was prepared last is known when all are.
  if (id == protocol::last_prepared_statement && !co_await wait_until([this] { return quiet(); })) co_return;
  protocol::put_statement_id(kept_, replacing_->watch.prepared().translate(id));
  shown_id_ = id;
}

recovery_obstacle relay::obstacle_of_planned_end() const {
  if (!replacing_) return recovery_obstacle::no_credentials;
  if (!quiet() || exchange_ || recovering_) return recovery_obstacle::statement_running;
  if (connection_.in_transaction()) return recovery_obstacle::open_transaction;
  if (const auto found = connection_.login_credential(); !found.known) return found.obstacle;
  return replacing_->watch.certain_obstacle();
}

/// The server session is about to be ended on purpose: its state is read from it, while it is there to be asked.
void relay::save_state(client_connection::state_handler done) {
  if (saving_) return saving_->push_back(std::move(done));
  const auto obstacle = obstacle_of_planned_end();
  if (replacing_) note_loss(obstacle);
  if (obstacle != recovery_obstacle::none) return done(obstacle);
  saving_ = std::make_unique<std::vector<client_connection::state_handler>>();
  saving_->push_back(std::move(done));
  connection_.hold_commands(true);
  asio::co_spawn(connection_.home().executor(), read_state(shared_from_this()), asio::detached);
}

/// Commands of the client's are held meanwhile.
awaitable<void> relay::read_state(std::shared_ptr<relay> self) {
  auto& state = *self->replacing_;
  auto reading = begin_reading(self->connection_, state);
  // The reading prepares, too; the client does not use the server session again.
  self->tracker_.show_prepared_as(0);
  while (const auto question = reading.next()) {
    if (protocol::has_no_response(static_cast<command>(question->front()))) {
      reading.take({});  // what it would close goes with the server session
      continue;
    }
    const auto told = co_await self->ask(protocol::bytes(question->begin(), question->end()),
                                         self->connection_.shared().settings.recovery_state_max);
    if (told.status != admin::interrupt_status::interrupted) {
      self->finish_saving({recovery_obstacle::backend_unreachable, "its state could not be read"});
      co_return;
    }
    reading.take(told.packets);
  }
  auto found = reading.failure();
  if (found.obstacle == recovery_obstacle::none && !can_prepare_again(self->connection_, state))
    found.obstacle = recovery_obstacle::prepared_elsewhere;
  if (found.obstacle == recovery_obstacle::none) state.saved = std::move(reading.snapshot());
  self->finish_saving(std::move(found));
}

/// The server session may have gone meanwhile by itself: then what was tracked has to do.
void relay::finish_saving(recovery_failure found) {
  if (!broken()) replacing_->why_not = std::move(found);
  const auto waiting = std::exchange(saving_, nullptr);
  connection_.hold_commands(false);
  for (const auto& each : *waiting) each(replacing_->why_not.obstacle);
  saved_.wake();
}

void relay::note_loss(recovery_obstacle obstacle) {
  auto& state = *replacing_;
  state.saved.reset();
  state.why_not = {obstacle, {}};
  state.at = connection_.server();
  state.reports_all = state_.reports_all();
  state.entered_database = state_.entered_database();
  state.asked_for_reports = state_.has_asked();
}

/// The server session is gone, unasked, while nothing was under way.
void relay::outlive_server_session(std::string_view how) {
  note_loss(connection_.in_transaction() ? recovery_obstacle::open_transaction : recovery_obstacle::none);
  connection_.lose_server_session({stop_reason::backend_gone, std::string(how)});
}

/// The same while the client waits for a response.
void relay::end_lost_in_statement(std::string_view how) {
  const auto words = fmt::format("its server session was lost: {}: {} ({})", how,
                                 session::explain(recovery_obstacle::statement_running),
                                 session::to_text(recovery_obstacle::statement_running));
  connection_.tell_and_end({er::connection_killed, "70100", "Connection was killed: " + words},
                           {stop_reason::backend_gone, std::string(how)});
}

/// The command at the front of kept_ is the first one behind the loss, or waits for what comes of it.
task<> relay::replace_server_session() {
  if (!replacing_) {
    refuse_command({er::connection_killed, "70100",
                    "Connection was killed: the server session of this client session was ended by KILL PROXYSESSION"},
                   {stop_reason::server_session_killed, "the client sent a statement after it"});
    co_return;
  }
  if (drop_closing()) co_return;
  connection_.set_answering(true);
  recovering_ = true;
  const auto begun = session::now_ticks();
  auto failed = co_await asio_call(connection_.home().executor(), recover());
  recovering_ = false;
  if (connection_.ended()) co_return;
  connection_.set_answering(false);
  count_recovery(failed ? failed->obstacle : recovery_obstacle::none, session::now_ticks() - begun);
  if (failed) {
    refuse_unrecovered(*failed);
  } else if (connection_.client().peer_has_closed()) {
    client_closed({});  // nobody waits for the statement any more
  }
}

void relay::count_recovery(recovery_obstacle obstacle, session::ticks took) {
  auto& counted = connection_.home().counters();
  counted.recoveries[static_cast<std::size_t>(obstacle)].add(1);
  if (obstacle != recovery_obstacle::none) return;
  counted.recovery_time.add(took);
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(session::to_duration(took));
  log_event(log_level::info, "server_session_replaced",
            {{"cs_id", connection_.cs_id()},
             {"ss_id", connection_.bound()->ss_id()},
             {"connection_id", connection_.bound()->connection_id()},
             {"backend", connection_.server()->name()->text()},
             {"took_ms", time.count()}});
}

/// A COM_STMT_CLOSE at the front of kept_ is no reason for another server session.
bool relay::drop_closing() {
  const auto started = framer_.next(kept_);
  if (started.type != command::stmt_close || !started.is_whole()) return false;
  replacing_->watch.begin_command(started, std::nullopt, tracker_.place_sent());
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(started.size));
  return true;
}

awaitable<std::optional<recovery_failure>> relay::recover() {
  while (reading_backend_) co_await changed_.wait();
  const auto type = framer_.next(kept_).type;
  const bool forgets =
      (type == command::reset_connection || type == command::change_user) && !replacing_->may_have_role();
  auto done = co_await rebuild_session(connection_, *replacing_, forgets ? rebuild_scope::login : rebuild_scope::state);
  if (auto* failure = std::get_if<recovery_failure>(&done)) co_return std::move(*failure);
  begin_anew(std::get<backend_login>(done));
  co_return std::nullopt;
}

/// The relay goes on with the server session that connection_ has now.
void relay::begin_anew(const backend_login& made) {
  tracker_.start_over(made.status);
  tracker_.show_prepared_as(replacing_->watch.prepared().next_shown());
  state_.server_replaced(made.status);
  replacing_->watch.note_status(made.status);
  admin_.answered_elsewhere();
  response_size_ = 0;
  own_statement_ = asking_report_ = false;
  protocol::bytes().swap(own_response_);
  start_reading();
}

/// Answers the command at the front of kept_, and ends the client session.
void relay::refuse_unrecovered(const recovery_failure& why) {
  const auto& because = connection_.lost_because();
  const auto words = fmt::format("its server session {} and cannot be rebuilt: {}{} ({})", how_it_went(because),
                                 session::explain(why.obstacle), why.detail.empty() ? "" : ": " + why.detail,
                                 session::to_text(why.obstacle));
  refuse_command({er::connection_killed, "70100", "Connection was killed: " + words}, {because.reason, words});
}

/// The command at the front of kept_ asks for what only the server session before this one knew, unless a statement
/// behind the loss has left the same.
task<> relay::fill_gap() {
  if (!co_await wait_until([this] { return quiet(); })) co_return;
  auto& watch = replacing_->watch;
  const auto text = statement_of(framer_.next(kept_));
  const auto obstacle = watch.gap_in(text);
  if (obstacle == recovery_obstacle::none) co_return;
  if (watch.asks_for_insert_id_alone(text) && co_await asio_call(connection_.home().executor(), has_insert_id())) {
    watch.close_insert_id_gap();
    co_return;
  }
  if (connection_.ended() || connection_.bound() == nullptr) co_return;
  const auto words = fmt::format("its server session was replaced, and {} ({})", session::explain(obstacle),
                                 session::to_text(obstacle));
  refuse_command({er::connection_killed, "70100", "Connection was killed: " + words},
                 {connection_.lost_because().reason, words});
}

/// A fresh session has none until it has inserted.
awaitable<bool> relay::has_insert_id() {
  const auto told = co_await ask("SELECT LAST_INSERT_ID()");
  const auto rows = read_rows(told.packets);
  co_return !rows.empty() && rows.front().front() != "0";
}

}  // namespace sessiongate::proxy
