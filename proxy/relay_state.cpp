// What the relay sees pass of the session's state.
#include "proxy/relay.hpp"

#include "proxy/own_command.hpp"
#include "proxy/session_events.hpp"

#include "protocol/statement.hpp"
#include "protocol/statement_kind.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <tuple>

namespace sessiongate::proxy {

using protocol::command;
using protocol::statement_kind;
using session::request_kind;
using session::response_kind;

namespace {

/// How far into a statement's text user variables are looked for, when it is neither SET nor USE.
constexpr std::size_t scan_size_max = 1024;  // bytes

constexpr std::array<request_kind, 7> request_kinds{request_kind::select, request_kind::insert, request_kind::update,
                                                    request_kind::remove, request_kind::other,  request_kind::other,
                                                    request_kind::other};  // by statement_kind

bool mentions_variables(std::string_view text) {
  return std::memchr(text.data(), '@', std::min(text.size(), scan_size_max)) != nullptr;
}

/// For most statements their third letter is enough.
bool is_not_set(std::string_view text) {
  constexpr auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  return text.size() > 2 && is_letter(text[0]) && is_letter(text[2]) && (text[2] | 0x20) != 't';
}

std::optional<std::size_t> value_of(const protocol::result<std::optional<std::size_t>>& found) {
  return found ? *found : std::nullopt;
}

}  // namespace

/// As much of a COM_QUERY's text as is at hand.
std::string_view relay::text_of(const protocol::command_framer::step& started) const {
  const auto payload = started.payload;
  std::size_t offset = 1;
  if (protocol::has(client_capabilities_, protocol::client_query_attributes)) {
    const bool none = payload.size() > 2 && payload[1] == 0 && payload[2] == 1;  // no attributes, in one set
    const auto found =
        none ? std::optional<std::size_t>(3) : value_of(protocol::query_text_offset(payload, client_capabilities_));
    offset = found.value_or(payload.size());
  }
  return protocol::as_text(payload.subspan(std::min(offset, payload.size())));
}

/// A command has gone to the server.
void relay::follow_command(const protocol::command_framer::step& started) {
  auto& activity = connection_.acting();
  if (started.type == command::query) {
    const auto text = text_of(started);
    const auto kind = protocol::kind_of_statement(text);
    activity.begin_command(started.type, request_kinds[static_cast<std::size_t>(kind)], started.size);
    show_text(started, text);
    if (kind != statement_kind::set && kind != statement_kind::use && !mentions_variables(text)) return;
    state_.begin_statement(text, started.is_whole(), tracker_.place_sent());
  } else if (started.type == command::stmt_execute || started.type == command::mariadb_stmt_bulk_execute) {
    activity.begin_command(started.type, request_kind::prepared, started.size);
  } else {
    activity.begin_command(started.type, request_kind::other, started.size);
    const bool has_text = started.type == command::stmt_prepare || started.type == command::init_db;
    if (has_text && !started.payload.empty()) show_text(started, protocol::as_text(started.payload.subspan(1)));
  }
}

void relay::show_text(const protocol::command_framer::step& started, std::string_view text) {
  const auto missing = started.size - protocol::packet_header_size - started.payload.size();
  connection_.acting().show_text(connection_.cs_id(), text, text.size() + missing, connection_.home().statements());
}

bool relay::wants_report(const protocol::command_framer::step& started) const {
  const auto text = text_of(started);
  if (is_not_set(text)) return false;
  return protocol::kind_of_statement(text) == statement_kind::set && state_.wants_more(text, started.is_whole());
}

/// The client's SET follows at once: the two are on their way together.
task<> relay::ask_report() {
  co_await wait_until([this] { return quiet(); });
  if (broken()) co_return;
  const auto packet = begin_own_statement(own_query(state_tracking::statement, backend_capabilities_));
  asking_report_ = true;
  state_.asked();
  tracker_.narrow_state(true);
  co_await connection_.backend()->send_all(packet);
}

void relay::finish_own_statement() {
  response_size_ = 0;
  std::ignore = tracker_.take_result_set();  // not the client's
  own_statement_ = false;
  if (!std::exchange(asking_report_, false)) return;
  protocol::bytes().swap(own_response_);
  if (tracker_.last_error() != 0) tracker_.narrow_state(false);
}

void relay::follow_response(command answered) {
  auto kind = response_kind::ok;
  if (tracker_.take_result_set())
    kind = response_kind::result_set;
  else if (answered == command::statistics || answered == command::stmt_prepare)
    kind = response_kind::other;
  auto& counted = connection_.home().counters();
  if (tracker_.last_error() != 0) {
    kind = response_kind::error;
    connection_.server()->counted().count_error();
  }
  const auto took = connection_.acting().end_response(kind, std::exchange(response_size_, std::uint64_t{0}));
  counted.command_time[static_cast<std::size_t>(class_of(answered))].add(took);
  if (took >= connection_.shared().slow_after.load(std::memory_order_relaxed)) [[unlikely]]
    tell_slow(connection_, answered, took);
  const auto id = tracker_.take_insert_id();
  if (replacing_) [[unlikely]]
    watch_response(answered, id != 0);
  if (id != 0) {
    connection_.tracking().set_last_insert_id(id);
    connection_.bound()->bring_to(connection_.tracked().versions());
  }
  if (state_.end_response(tracker_.place_ended(), tracker_.last_error(), tracker_.status()))
    tracker_.narrow_state(false);
}

/// COM_RESET_CONNECTION or COM_CHANGE_USER has been answered; what the server reports with its OK comes behind this.
void relay::state_was_reset() {
  if (tracker_.last_error() != 0) return;
  state_.reset();
  tracker_.narrow_state(false);
}

void relay::apply_session_state(protocol::bytes_view ok_payload, bool after_reset) {
  if (state_.take_report(ok_payload, after_reset)) tracker_.narrow_state(false);
}

}  // namespace sessiongate::proxy
