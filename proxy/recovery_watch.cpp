#include "proxy/recovery_watch.hpp"

#include "protocol/statement.hpp"
#include "protocol/statement_kind.hpp"

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

using protocol::command;
using protocol::statement_kind;
using session::recovery_obstacle;

namespace {

/// A COM_STMT_EXECUTE that asks for a cursor.
bool asks_for_cursor(protocol::bytes_view execute_payload) {
  constexpr std::size_t flags_at = 5;
  constexpr std::uint8_t cursor_types = 0x07;
  return execute_payload.size() > flags_at && (execute_payload[flags_at] & cursor_types) != 0;
}

bool runs_on_a_replica(command sent) {
  return protocol::is_replication_stream(sent) || sent == command::register_slave;
}

/// The questions that have an answer again behind a statement of this kind. Servers keep warnings behind a SELECT
/// without a table, and FOUND_ROWS() behind everything but a SELECT.
statement_hazards answered_behind(statement_kind kind) {
  switch (kind) {
    case statement_kind::select:
      return hazard::reads_row_count | hazard::reads_found_rows;
    case statement_kind::insert:
    case statement_kind::update:
    case statement_kind::remove:
      return hazard::reads_row_count | hazard::reads_warnings;
    default:
      return hazard::reads_row_count;
  }
}

}  // namespace

recovery_watch::recovery_watch(protocol::handshake_response login, protocol::capabilities negotiated,
                               std::size_t size_max)
    : login_(std::move(login)), negotiated_(negotiated), size_max_(size_max) {}

statement_hazards recovery_watch::hazards_of(std::string_view text, bool complete) const {
  return find_hazards(text, complete, (status_ & protocol::status_no_backslash_escapes) == 0);
}

bool recovery_watch::asks_for_insert_id_alone(std::string_view text) const {
  return (hazards_of(text, true) & hazard::reads_anything) == hazard::reads_last_insert_id;
}

void recovery_watch::begin_query(std::string_view text, bool complete) {
  const auto found = hazards_of(text, complete);
  if ((found & hazard::begins_transaction) != 0) hazards_ &= ~hazard::next_transaction;  // it is this one
  if ((found & hazard::hidden) != 0) ++unseen_changes_;
  hazards_ |= found & ~hazard::reads_anything;
  if (gaps_ != 0) gaps_ &= ~answered_behind(protocol::kind_of_statement(text));
}

/// When it is executed. Nobody keeps track of what a prepared SET assigns each time.
bool recovery_watch::changes_unseen(std::string_view text) const {
  return protocol::kind_of_statement(text) == statement_kind::set || (hazards_of(text, true) & hazard::hidden) != 0;
}

void recovery_watch::begin_prepare(std::string_view text, bool complete, preparing_state under, std::uint8_t place) {
  hazards_ |= hazards_of(text, complete) & ~hazard::reads_anything;
  if (changes_unseen(text)) hazards_ |= hazard::hidden;
  if (!complete || prepared_.text_size() + text.size() > size_max_) {
    too_large_ = true;
    return;
  }
  pending_.push_back({.place = place, .text = std::string(text), .under = std::move(under)});
}

void recovery_watch::begin_command(const protocol::command_framer::step& started, std::optional<std::uint32_t> shown_id,
                                   std::uint8_t place) {
  if (runs_on_a_replica(started.type)) replicates_ = true;
  if (started.type == command::set_option && started.payload.size() > 2) {
    const auto option = static_cast<std::uint16_t>(started.payload[1] | started.payload[2] << 8U);
    pending_.push_back({.place = place, .option = option});
    return;
  }
  const auto named = protocol::parse_statement_id(started.payload);
  if (!named) return;
  const auto id = shown_id.value_or(*named);
  switch (started.type) {
    case command::stmt_close:
      forget(id);
      break;
    case command::stmt_send_long_data:
      flag(id, &prepared_statements::statement::has_long_data, true);
      break;
    case command::stmt_reset:
      unflag(id);
      break;
    case command::stmt_execute:
    case command::mariadb_stmt_bulk_execute:
      if (const auto* const statement = gaps_ == 0 ? nullptr : prepared_.find(id))
        gaps_ &= ~answered_behind(protocol::kind_of_statement(statement->text));
      unflag(id);
      note_execution(id, started.payload);
      if (asks_for_cursor(started.payload)) pending_.push_back({.place = place, .statement_id = id});
      break;
    case command::stmt_fetch:
      pending_.push_back({.place = place, .statement_id = id});
      break;
    default:
      break;
  }
}

void recovery_watch::begin_change_user(const protocol::change_user& wanted, bool keeps_role) {
  keeps_role_ = keeps_role;
  next_login_ = login_;
  next_login_.user = wanted.user;
  next_login_.database = wanted.database;
  next_login_.collation = static_cast<std::uint8_t>(wanted.collation);
  next_login_.attributes = wanted.attributes;
}

/// Another server session would have to be told the types that the client will not tell again.
void recovery_watch::note_execution(std::uint32_t statement_id, protocol::bytes_view payload) {
  constexpr auto execute = static_cast<std::uint8_t>(command::stmt_execute);
  auto* const statement = prepared_.find(statement_id);
  if ((hazards_ & hazard::hidden) != 0 && (statement == nullptr || changes_unseen(statement->text))) ++unseen_changes_;
  if (statement == nullptr || statement->parameters == 0 || payload.front() != execute) return;
  const auto told = protocol::find_binding(payload, statement->parameters, negotiated_);
  if (!told || !*told || (*told)->types.empty()) return;
  statement->types.assign((*told)->types.begin(), (*told)->types.end());
  statement->types_count = (*told)->count;
  statement->types_missing = false;
}

void recovery_watch::forget(std::uint32_t statement_id) {
  unflag(statement_id);
  prepared_.remove(statement_id);
}

void recovery_watch::flag(std::uint32_t statement_id, bool prepared_statements::statement::* which, bool on) {
  auto* const found = prepared_.find(statement_id);
  if (found == nullptr || found->*which == on) return;
  found->*which = on;
  flagged_ += on ? 1U : std::size_t(-1);
}

void recovery_watch::unflag(std::uint32_t statement_id) {
  if (flagged_ == 0) return;
  flag(statement_id, &prepared_statements::statement::has_long_data, false);
  flag(statement_id, &prepared_statements::statement::has_open_cursor, false);
}

void recovery_watch::end_response(const response& ended) {
  note_status(ended.status);
  if (ended.has_insert_id) insert_id_seen_ = true;
  if (ended.error == 0 && ended.answered == command::reset_connection) return reset();
  if (ended.error == 0 && ended.answered == command::change_user) {
    login_ = std::exchange(next_login_, {});
    reset();
    hazards_ = keeps_role_ ? hazard::role : 0;
    began_with_ = beginning::change_user;
    return;
  }
  if (pending_.empty()) return;
  const auto at = std::ranges::find(pending_, ended.place, &pending::place);
  if (at == pending_.end()) return;
  auto done = std::move(*at);
  pending_.erase(at);
  finish(std::move(done), ended);
}

void recovery_watch::finish(pending done, const response& ended) {
  if (ended.error != 0) return;
  const auto has = [&](protocol::status_flags which) { return (ended.status & which) != 0; };
  switch (ended.answered) {
    case command::stmt_prepare:
      if (ended.prepared_id != 0)
        prepared_.add(ended.prepared_id, std::move(done.text), std::move(done.under), ended.prepared_parameters);
      break;
    case command::set_option:
      option_ = done.option;
      break;
    case command::stmt_fetch:
      if (has(protocol::status_last_row_sent))
        flag(done.statement_id, &prepared_statements::statement::has_open_cursor, false);
      break;
    default:
      flag(done.statement_id, &prepared_statements::statement::has_open_cursor, has(protocol::status_cursor_exists));
      break;
  }
}

/// The server has forgotten all but the login.
void recovery_watch::reset() {
  prepared_.clear();
  pending_.clear();
  hazards_ &= hazard::role;  // MariaDB keeps it
  flagged_ = 0;
  began_with_ = beginning::reset;
  logged_in_at_ = std::chrono::steady_clock::now();
  too_large_ = false;
  insert_id_seen_ = false;
  gaps_ = 0;
}

recovery_obstacle recovery_watch::certain_obstacle() const {
  if (replicates_) return recovery_obstacle::replication;
  if (too_large_) return recovery_obstacle::state_too_large;
  if (flagged_ == 0) return recovery_obstacle::none;
  const auto& all = prepared_.all();
  const bool cursor = std::ranges::any_of(all, [](const auto& each) { return each.second.has_open_cursor; });
  return cursor ? recovery_obstacle::open_cursor : recovery_obstacle::long_data;
}

recovery_obstacle recovery_watch::obstacle() const {
  const auto certain = certain_obstacle();
  return certain == recovery_obstacle::none ? obstacle_of(hazards_) : certain;
}

/// An OK packet tells an explicit value of an AUTO_INCREMENT column, too, which does not become LAST_INSERT_ID().
statement_hazards recovery_watch::gaps_when_lost() const {
  return hazard::reads_diagnostics | (insert_id_seen_ ? hazard::reads_last_insert_id : 0);
}

void recovery_watch::recovered(statement_hazards gaps) {
  gaps_ |= gaps;
  pending_.clear();
}

recovery_obstacle recovery_watch::gap_in(std::string_view text) const {
  const auto asked = hazards_of(text, true) & gaps_;
  if ((asked & hazard::reads_sequence) != 0) return recovery_obstacle::sequence_value;
  if ((asked & hazard::reads_last_insert_id) != 0) return recovery_obstacle::last_insert_id;
  return asked == 0 ? recovery_obstacle::none : recovery_obstacle::diagnostics;
}

}  // namespace sessiongate::proxy
