#include "protocol/response_tracker.hpp"

#include "protocol/err_packet.hpp"
#include "protocol/ok_fields.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/statement.hpp"
#include "protocol/wire.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace sessiongate::protocol {
namespace {

constexpr std::size_t judged_size_max = 21;  // payload bytes up to an OK packet's status, its integers at their longest
constexpr std::size_t eof_size_limit =
    9;  // a 0xFE packet of this payload or more is no EOF: its first column may be long
constexpr std::size_t ok_size_min = 7;
constexpr std::uint8_t local_infile_header = 0xFB;

bool is_whole_packet(bytes_view input) {
  if (input.size() < packet_header_size) return false;
  return input.size() - packet_header_size >= load_packet_header(input.data()).payload_length;
}

void release(bytes& memory) {
  if (memory.capacity() != 0) bytes().swap(memory);
}

/// Where the next packet begins depends on the length of this one, and so on: a chain of loads that nothing can run
/// ahead of. Most rows are as long as the one before. With that as a guess, which the processor tests beside, the loads
/// overlap; for the compiler the guess and the length would be the same, hence this.
inline void hide_origin(std::size_t& value) {
  __asm__("" : "+r"(value));
}

}  // namespace

void response_tracker::negotiated(capabilities backend, capabilities client) {
  backend_ = backend;
  client_ = client;
}

void response_tracker::start_over(status_flags status) {
  response_tracker fresh;
  fresh.negotiated(backend_, client_);
  fresh.narrows_ = narrows_;
  fresh.status_ = status;
  *this = std::move(fresh);
}

response_tracker::state response_tracker::start_state(command sent) {
  switch (sent) {
    case command::statistics:
      return state::single;
    case command::field_list:  // its definitions end like rows do
    case command::stmt_fetch:
      return state::rows;
    case command::stmt_prepare:
      return state::prepare;
    case command::change_user:
      return state::auth;
    case command::binlog_dump:
    case command::binlog_dump_gtid:
    case command::table_dump:
    case command::clone:
    case command::subscribe_group_replication_stream:
      return state::stream;
    default:
      return state::first;
  }
}

void response_tracker::expect(command sent) {
  assert(can_expect());
  outstanding_[(outstanding_first_ + outstanding_count_) % outstanding_max] = sent;
  if (outstanding_count_++ == 0) state_ = start_state(sent);
}

bool response_tracker::at_response_start() const {
  return !idle() && !begun_ && body_left_ == 0 && !continues_ && held_.empty();
}

response_tracker::head response_tracker::look(bytes_view packet) {
  const auto length = load_packet_header(packet.data()).payload_length;
  const auto rest = packet.subspan(packet_header_size);
  return {length, rest.first(std::min<std::size_t>(length, rest.size()))};
}

response_tracker::step response_tracker::advance(bytes_view input) {
  release(passed_);
  release(rewritten_);
  if (!held_.empty()) return advance_held(input);

  std::size_t at = 0;
  while (true) {
    at += pass_body(input.size() - at);
    if (body_left_ != 0) return {at, input.first(at), event::none, {}};
    if (pending_ != event::none && !continues_) return {at, input.first(at), finish_packet(), {}};

    at = skip_plain_packets(input, at);
    const auto rest = input.subspan(at);
    if (!is_whole_packet(rest) && rest.size() < bytes_needed(rest)) {
      held_.assign(rest.begin(), rest.end());
      return {input.size(), input.first(at), event::none, {}};
    }
    const auto packet = look(rest);
    if (carries_state(packet)) {
      if (at != 0 && cuts_state()) return {at, input.first(at), event::none, {}};  // what is before it goes first
      const auto end = at + packet_header_size + packet.length;
      return pass_state_ok(input.first(end), end, input.subspan(at, end - at));
    }
    if (renumbers(packet)) {
      if (at != 0) return {at, input.first(at), event::none, {}};
      return pass_prepared(rest.first(std::min(rest.size(), packet_header_size + packet.length)));
    }
    begin_packet(packet);
  }
}

/// Something is held: only so much is taken that the packet can be judged, and it leaves alone.
response_tracker::step response_tracker::advance_held(bytes_view input) {
  std::size_t used = 0;
  for (auto needed = bytes_needed(held_); held_.size() < needed; needed = bytes_needed(held_)) {
    const auto taken = input.subspan(used, std::min(needed - held_.size(), input.size() - used));
    if (taken.empty()) return {used, {}, event::none, {}};
    held_.insert(held_.end(), taken.begin(), taken.end());
    used += taken.size();
  }
  passed_ = std::exchange(held_, {});
  const auto packet = look(passed_);
  if (carries_state(packet)) return pass_state_ok(passed_, used, passed_);
  if (renumbers(packet)) {
    auto step = pass_prepared(passed_);
    step.consumed = used;
    return step;
  }

  begin_packet(packet);
  body_left_ -= static_cast<std::uint32_t>(passed_.size());
  const bool passed = body_left_ == 0 && !continues_;
  return {used, passed_, passed ? finish_packet() : event::none, {}};
}

/// `packet` is a whole OK with session state and ends `forward`; all of that goes to the client, unless it must not see
/// it.
response_tracker::step response_tracker::pass_state_ok(bytes_view forward, std::size_t consumed, bytes_view packet) {
  inspect(look(packet));
  if (!client_tracks()) {
    rewritten_ = without_session_state(packet);
  } else if (narrows_) {
    rewritten_ = with_default_session_state(packet);
  }
  const auto sent = rewritten_.empty() ? forward : bytes_view(rewritten_);
  return {consumed, sent, finish_packet(), packet.subspan(packet_header_size)};
}

/// The OK of a COM_STMT_PREPARE, or as much of it as is at hand.
response_tracker::step response_tracker::pass_prepared(bytes_view begun) {
  rewritten_.assign(begun.begin(), begun.end());
  begin_packet(look(begun));
  put_statement_id(rewritten_, shown_id_);
  body_left_ -= static_cast<std::uint32_t>(rewritten_.size());
  const bool passed = body_left_ == 0 && !continues_;
  return {rewritten_.size(), rewritten_, passed ? finish_packet() : event::none, {}};
}

inline std::size_t response_tracker::pass_body(std::size_t available) {
  const auto size = std::min<std::size_t>(body_left_, available);
  body_left_ -= static_cast<std::uint32_t>(size);
  return size;
}

/// What large results consist of: a look at the header and one byte for each whole row or definition.
inline std::size_t response_tracker::skip_plain_packets(bytes_view input, std::size_t at) {
  if (state_ < state::definitions || continues_) return at;
  const bool counted = state_ == state::definitions;
  auto left = counted ? definitions_left_ - 1 : std::numeric_limits<std::uint64_t>::max();  // the last one needs a look
  const auto start = at;
  std::size_t guess = 0;
  for (; left != 0 && input.size() - at > packet_header_size; --left) {
    const std::size_t length = load_packet_header(input.data() + at).payload_length;
    if (input[at + packet_header_size] >= eof_header || length == packet_payload_max) break;
    if (length != guess) {
      guess = length;
      hide_origin(guess);
    }
    const auto end = at + packet_header_size + guess;
    if (end > input.size()) break;
    at = end;
  }
  if (counted) definitions_left_ = left + 1;
  if (at != start) begun_ = true;
  return at;
}

/// How much of `packet` has to be at hand. Only session state needs a whole packet, all else is judged by its head.
std::size_t response_tracker::bytes_needed(bytes_view packet) const {
  if (packet.size() < packet_header_size) return packet_header_size;
  const auto [length, seen] = look(packet);
  if (length == 0 || continues_ || idle()) return packet_header_size;
  if (seen.empty()) return packet_header_size + 1;
  if (is_plain(seen.front())) return packet_header_size + 1;
  const auto judged = std::min<std::size_t>(length, judged_size_max);
  const bool whole = seen.size() >= judged && carries_state({length, seen});
  return packet_header_size + (whole ? length : judged);
}

inline bool response_tracker::is_plain(std::uint8_t first_byte) const {
  if (state_ < state::definitions) return false;
  return first_byte < eof_header || (state_ == state::definitions && first_byte != err_header);
}

void response_tracker::begin_packet(const head& packet) {
  if (!continues_) inspect(packet);
  continues_ = packet.length == packet_payload_max;
  body_left_ = static_cast<std::uint32_t>(packet_header_size) + packet.length;
}

void response_tracker::inspect(const head& packet) {
  if (state_ == state::nothing) {
    pending_ = event::unsolicited;
    return;
  }
  begun_ = true;
  if (packet.starts_with(err_header)) return inspect_error(packet);
  switch (state_) {
    case state::first:
      return inspect_first(packet);
    case state::prepare:
      return inspect_prepare(packet);
    case state::auth:
      return inspect_auth(packet);
    case state::definitions_end:
      return inspect_definitions_end(packet);
    case state::definitions:
      if (--definitions_left_ == 0) end_definitions();
      return;
    case state::rows:
    case state::stream:
      if (ends_rows(packet)) finish_result(packet);
      return;
    case state::single:
    case state::nothing:
      return end_response(0);
  }
}

void response_tracker::inspect_first(const head& packet) {
  if (packet.starts_with(ok_header) || packet.starts_with(eof_header)) return finish_result(packet);
  if (packet.starts_with(local_infile_header)) {
    pending_ = event::file_requested;
    return;
  }
  begin_result(packet);
}

void response_tracker::inspect_prepare(const head& packet) {
  prepared_id_ = 0;
  if (!packet.starts_with(ok_header) || packet.seen.size() < 9) return end_response(0);
  prepared_id_ = load_u32(packet.seen, 1);
  columns_after_parameters_ = load_u16(packet.seen, 5);
  const auto parameters = prepared_parameters_ = load_u16(packet.seen, 7);
  definitions_omitted_ =
      has(backend_, client_optional_resultset_metadata) && packet.length > 12 && packet.seen[12] == 0;
  if (parameters != 0) return begin_definitions(parameters);
  follow_definitions();
}

void response_tracker::inspect_auth(const head& packet) {
  if (packet.starts_with(ok_header)) return finish_result(packet);
  pending_ = event::auth_requested;
}

void response_tracker::inspect_definitions_end(const head& packet) {
  status_ = read_eof_status(packet.seen).value_or(status_);
  const bool opens_cursor = current() == command::stmt_execute && (status_ & status_cursor_exists) != 0;
  if (opens_cursor) return finish_result(packet);  // the rows come with COM_STMT_FETCH
  follow_definitions();
}

void response_tracker::inspect_error(const head& packet) {
  const auto code = packet.seen.size() < 3 ? er::unknown_error : load_u16(packet.seen, 1);
  const bool reports = has(backend_, mariadb_progress) || has(backend_, client_progress_obsolete);
  if (code == progress_report_code && reports) return;
  if (state_ == state::prepare) prepared_id_ = 0;
  end_response(code);
}

/// The column count comes before the flag of omitted definitions, with MySQL's optional metadata too: the servers do
/// not do here what the documentation says, and so 0x00 is always an OK packet.
void response_tracker::begin_result(const head& packet) {
  result_set_ = true;
  wire_reader reader(packet.seen);
  const auto count = reader.read_lenenc_int();
  if (!reader.ok()) return end_response(0);
  const bool flagged = has(backend_, client_optional_resultset_metadata) || has(backend_, mariadb_cache_metadata);
  definitions_omitted_ = flagged && !reader.at_end() && reader.read_u8() == 0;
  begin_definitions(count);
}

void response_tracker::begin_definitions(std::uint64_t count) {
  definitions_left_ = definitions_omitted_ ? 0 : count;
  if (definitions_left_ == 0) return end_definitions();
  state_ = state::definitions;
}

void response_tracker::end_definitions() {
  if (has(backend_, client_deprecate_eof)) return follow_definitions();
  state_ = state::definitions_end;  // also when the definitions were omitted
}

void response_tracker::follow_definitions() {
  if (current() != command::stmt_prepare) {
    state_ = state::rows;
    return;
  }
  if (columns_after_parameters_ == 0) return end_response(0);
  begin_definitions(std::exchange(columns_after_parameters_, std::uint16_t{0}));
}

/// Only responses that can be several results look at the flag for more: others may carry a stale one.
void response_tracker::finish_result(const head& packet) {
  const auto status = has_ok_layout(packet) ? read_ok_status(packet.seen) : read_eof_status(packet.seen);
  if (packet.starts_with(ok_header)) insert_id_ = read_ok_insert_id(packet.seen);
  status_ = status.value_or(status_);
  const bool more = status.has_value() && (*status & status_more_results) != 0;
  if (!more || start_state(current()) != state::first) return end_response(0);
  pending_ = event::result_complete;
  state_ = state::first;
}

void response_tracker::end_response(std::uint16_t error) {
  last_error_ = error;
  pending_ = event::response_complete;
}

response_tracker::event response_tracker::finish_packet() {
  const auto what = std::exchange(pending_, event::none);
  if (what != event::response_complete) return what;
  outstanding_first_ = static_cast<std::uint8_t>((outstanding_first_ + 1) % outstanding_max);
  --outstanding_count_;
  state_ = idle() ? state::nothing : start_state(current());
  begun_ = false;
  return what;
}

bool response_tracker::ends_rows(const head& packet) const {
  if (!packet.starts_with(eof_header)) return false;
  if (packet.length < eof_size_limit) return true;
  return state_ == state::rows && has(backend_, client_deprecate_eof) && packet.length < packet_payload_max;
}

bool response_tracker::has_ok_layout(const head& packet) const {
  if (packet.starts_with(ok_header)) return true;
  return has(backend_, client_deprecate_eof) && packet.length >= ok_size_min;
}

/// As the next packet, this is an OK packet.
bool response_tracker::is_ok(const head& packet) const {
  switch (state_) {
    case state::first:
      return packet.starts_with(ok_header) || (packet.starts_with(eof_header) && has_ok_layout(packet));
    case state::auth:
      return packet.starts_with(ok_header);
    case state::rows:
      return ends_rows(packet) && has_ok_layout(packet);
    default:
      return false;
  }
}

bool response_tracker::carries_state(const head& packet) const {
  if (!has(backend_, client_session_track) || continues_ || packet.length == packet_payload_max) return false;
  if (!is_ok(packet)) return false;
  return (read_ok_status(packet.seen).value_or(0) & status_session_state_changed) != 0;
}

bool response_tracker::renumbers(const head& packet) const {
  return state_ == state::prepare && shown_id_ != 0 && packet.starts_with(ok_header) && packet.seen.size() >= 9 &&
         !continues_;
}

bool response_tracker::cuts_state() const {
  return narrows_ || !client_tracks();
}

bool response_tracker::client_tracks() const {
  return has(client_, client_session_track);
}

}  // namespace sessiongate::protocol
