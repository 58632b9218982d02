#include "admin/sql_render.hpp"

#include "admin/breather.hpp"
#include "admin/drain_table.hpp"
#include "admin/kill_target_table.hpp"
#include "admin/listing.hpp"
#include "admin/session_detail.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"

#include <array>
#include <iomanip>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace sessiongate::admin {

namespace {

using protocol::column_type;
using protocol::result_cell;
using protocol::result_column;
using protocol::result_row;

struct target {
  protocol::bytes& out;
  std::uint8_t& sequence_id;
  const sql_session& session;
};

column_type to_column_type(value_type type) {
  switch (type) {
    case value_type::signed_integer:
    case value_type::boolean:
      return column_type::signed_integer;
    case value_type::unsigned_integer:
    case value_type::wide_id:
      return column_type::unsigned_integer;
    case value_type::text:
      break;
  }
  return column_type::text;
}

std::vector<result_column> to_columns(std::span<const column> columns) {
  std::vector<result_column> shown;
  for (const auto& each : columns) {
    if (!each.sql_name.empty()) shown.push_back({std::string(each.sql_name), to_column_type(each.type)});
  }
  return shown;
}

result_cell to_cell(const cell& value, std::string_view sql_null) {
  return std::visit(
      [&](const auto& each) -> result_cell {
        using type = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<type, std::monostate>) {
          return sql_null.empty() ? result_cell() : result_cell(std::string(sql_null));
        } else if constexpr (std::is_same_v<type, bool>) {
          return std::int64_t{each ? 1 : 0};
        } else {
          return each;
        }
      },
      value);
}

void write_error(const target& to, const protocol::server_error& error) {
  protocol::bytes payload;
  protocol::write_err_packet(payload, error);
  protocol::append_packet(to.out, to.sequence_id, payload);
}

void render(const target& to, const table& what) {
  const auto columns = to_columns(what.columns);
  protocol::result_set_writer writer(to.out, to.sequence_id, columns, to.session.format, to.session.negotiated,
                                     to.session.status);
  breather pause;
  result_row row;
  for (const auto& from : what.rows) {
    row.clear();
    for (std::size_t at = 0; at < from.size(); ++at) {
      if (!what.columns[at].sql_name.empty()) row.push_back(to_cell(from[at], what.columns[at].sql_null));
    }
    writer.add(row);
    pause.step();
  }
  writer.finish();
}

void render(const target& to, const kill_report& what) {
  render(to, what.targets);
}

void render(const target& to, const session_detail& what) {
  render(to, flatten(what));
}

void write_ok(const target& to, std::string_view info) {
  protocol::ok_packet ok;
  ok.status = to.session.status;
  ok.warnings = to.session.warnings;
  ok.info = info;
  protocol::bytes payload;
  protocol::write_ok_packet(payload, ok, to.session.negotiated);
  protocol::append_packet(to.out, to.sequence_id, payload);
}

void render(const target& to, const acknowledgement& what) {
  write_ok(to, what.message);
}

std::string in_seconds(std::chrono::microseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::chrono::duration<double>(time).count() << " s";
  return std::move(text).str();
}

/// How a gentle kill came to its end.
std::string describe_ending(const kill_outcome& what) {
  if (what.status == kill_status::ended_otherwise)
    return "The session ended otherwise first" + (what.ended_with.empty() ? "" : ": " + what.ended_with);
  switch (what.ending) {
    case kill_ending::at_once:
      break;
    case kill_ending::after_statement:
      return "Killed after its statement, after a wait of " + in_seconds(what.waited);
    case kill_ending::after_transaction:
      return "Killed after its transaction, after a wait of " + in_seconds(what.waited);
    case kill_ending::at_timeout:
      return "Killed at the timeout, after a wait of " + in_seconds(what.waited);
  }
  return {};
}

/// What the client would otherwise not learn: the session is closed, its statement may run on.
std::string describe_interrupt(const kill_outcome& what) {
  if (what.interrupt == interrupt_status::not_needed || what.interrupt == interrupt_status::interrupted) return {};
  auto info = "Closed, but its statement was not interrupted: " + std::string(to_text(what.interrupt));
  if (!what.backend_answer.empty()) info += ": " + what.backend_answer;
  return info;
}

/// What becomes of the client session whose server session was killed.
std::string describe_recovery(const kill_outcome& what) {
  const auto recoverable = is_recoverable(what);
  if (!recoverable) return {};
  if (*recoverable) return "The client session gets another server session at its next statement";
  return "The client session ends: " + std::string(explain(*what.obstacle)) + " (" + std::string(obstacle_word(what)) +
         ")";
}

void render(const target& to, const kill_outcome& what) {
  if (what.status == kill_status::killed_self) {
    return write_error(to, {protocol::er::query_interrupted, "70100", "Query execution was interrupted"});
  }
  write_ok(to, describe_outcome(what));
}

void render(const target& to, const failure& what) {
  write_error(to, to_server_error(what));
}

}  // namespace

std::string describe_outcome(const kill_outcome& what) {
  std::string told;
  for (const auto& part : {describe_interrupt(what), describe_ending(what), describe_recovery(what)}) {
    if (!part.empty()) told += (told.empty() ? "" : ". ") + part;
  }
  return told;
}

void render_sql(protocol::bytes& out, std::uint8_t& sequence_id, const result& what, const sql_session& session) {
  const target to{out, sequence_id, session};
  std::visit([&](const auto& each) { render(to, each); }, what);
}

std::vector<result_column> sql_columns(const command& what) {
  if (const auto* list = std::get_if<show_table>(&what)) return to_columns(find_listing(list->what).columns);
  if (std::holds_alternative<show_session>(what)) return to_columns(attribute_columns());
  if (std::holds_alternative<start_drain>(what) || std::holds_alternative<cancel_drain>(what) ||
      std::holds_alternative<drain_backend>(what))
    return to_columns(drain_columns());
  if (std::holds_alternative<kill_matching>(what)) return to_columns(kill_target_columns());
  return {};
}

protocol::server_error to_server_error(const failure& what) {
  switch (what.kind) {
    case failure_kind::malformed:
      return {protocol::er::unknown_operator, "21000", what.message};
    case failure_kind::unknown_id:
      return {protocol::er::no_such_thread, "HY000", what.message};
    case failure_kind::not_owner:
      return {protocol::er::kill_denied, "HY000", what.message};
    case failure_kind::forbidden:
      return {protocol::er::specific_access_denied, "42000", what.message};
    case failure_kind::unauthorized:
      return {protocol::er::access_denied, "28000", what.message};
    case failure_kind::bad_value:
    case failure_kind::unknown_name:
    case failure_kind::read_only:
    case failure_kind::backend:
      return {what.code, what.sqlstate, what.message};
    case failure_kind::ambiguous:
    case failure_kind::busy:
    case failure_kind::timeout:
    case failure_kind::changed:
    case failure_kind::too_many:
      break;
  }
  return {protocol::er::unknown_error, "HY000", what.message};
}

}  // namespace sessiongate::admin
