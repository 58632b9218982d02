#include "admin/diagnostics.hpp"

#include "admin/sql_render.hpp"
#include "admin/token_cursor.hpp"
#include "protocol/err_packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <type_traits>
#include <utility>

namespace sessiongate::admin {

namespace {

using protocol::column_type;
using severity = condition::severity;
namespace er = protocol::er;

std::string_view to_text(severity level) {
  switch (level) {
    case severity::note:
      return "Note";
    case severity::warning:
      return "Warning";
    case severity::error:
      break;
  }
  return "Error";
}

std::string in_milliseconds(std::chrono::microseconds time) {
  constexpr double per_millisecond = 1'000;
  std::array<char, 32> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(time.count()) / per_millisecond);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// `killed in 2.1 ms: cs_id 1073741830, connection_id 14, user app; its statement was interrupted after 3214.0 ms`
std::string describe_kill(const kill_outcome& what) {
  auto text = std::string(admin::to_text(end_of(what))) + " in " + in_milliseconds(what.elapsed) + ": cs_id " +
              std::to_string(what.cs_id);
  if (what.ss_id != 0) text += ", ss_id " + std::to_string(what.ss_id);
  if (what.connection_id != 0) text += ", connection_id " + std::to_string(what.connection_id);
  if (!what.user.empty()) text += ", user " + what.user;
  if (what.interrupt == interrupt_status::interrupted)
    text += "; its statement was interrupted after " + in_milliseconds(what.ran);
  if (const auto more = describe_outcome(what); !more.empty()) text += "; " + more;
  return text;
}

diagnostics of_kill(const kill_outcome& what, bool plain) {
  if (what.status == kill_status::killed_self)
    return {{severity::error, er::query_interrupted, "Query execution was interrupted"}};
  const bool done = what.interrupt == interrupt_status::not_needed || what.interrupt == interrupt_status::interrupted;
  if (!done || what.status == kill_status::ended_otherwise) {
    const auto code = what.backend_error != 0 ? what.backend_error : er::unknown_error;
    return {{severity::warning, code, describe_outcome(what)}};
  }
  if (plain) return {};
  const auto code = what.status == kill_status::killed ? er::connection_killed : er::query_interrupted;
  return {{severity::note, code, describe_kill(what)}};
}

std::size_t count_of(const diagnostics& last, bool errors_only) {
  return errors_only ? static_cast<std::size_t>(std::ranges::count(last, severity::error, &condition::level))
                     : last.size();
}

std::optional<std::size_t> take_number(token_cursor& at) {
  const auto next = at.peek();
  std::size_t number = 0;
  const auto text = next.text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (next.kind != token_kind::number || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  at.skip();
  return number;
}

struct row_range {
  std::size_t first = 0;
  std::size_t count = static_cast<std::size_t>(-1);
};

/// None: there is something else than a LIMIT, or a malformed one.
std::optional<row_range> take_limit(token_cursor& at) {
  row_range range;
  if (at.at_end()) return range;
  if (!at.take_word("LIMIT")) return std::nullopt;
  const auto number = take_number(at);
  if (!number) return std::nullopt;
  range.count = *number;
  if (at.take_symbol(",")) {
    const auto count = take_number(at);
    if (!count) return std::nullopt;
    range = {*number, *count};
  }
  return at.at_end() ? std::optional(range) : std::nullopt;
}

diagnostics_answer list(const diagnostics& last, bool errors_only, row_range range) {
  diagnostics_answer told{
      {{"Level", column_type::text}, {"Code", column_type::unsigned_integer}, {"Message", column_type::text}}, {}};
  for (const auto& each : last) {
    if (errors_only && each.level != severity::error) continue;
    if (range.first > 0) {
      --range.first;
    } else if (told.rows.size() < range.count) {
      told.rows.push_back({std::string(to_text(each.level)), std::uint64_t{each.code}, each.message});
    }
  }
  return told;
}

/// Behind SHOW.
std::optional<diagnostics_answer> answer_show(const diagnostics& last, token_cursor at) {
  const bool counts = at.take_word("COUNT");
  if (counts && !(at.take_symbol("(") && at.take_symbol("*") && at.take_symbol(")"))) return std::nullopt;
  const bool errors_only = at.take_word("ERRORS");
  if (!errors_only && !at.take_word("WARNINGS")) return std::nullopt;
  if (!counts) {
    const auto range = take_limit(at);
    if (!range) return std::nullopt;
    return list(last, errors_only, *range);
  }
  if (!at.at_end()) return std::nullopt;
  return diagnostics_answer{
      {{errors_only ? "@@session.error_count" : "@@session.warning_count", column_type::unsigned_integer}},
      {{std::uint64_t{count_of(last, errors_only)}}}};
}

/// Behind SELECT. A column has the name that its text is.
std::optional<diagnostics_answer> answer_select(const diagnostics& last, token_cursor at) {
  diagnostics_answer told;
  auto& row = told.rows.emplace_back();
  do {
    const auto* const begin = at.peek().text.data();
    if (!at.take_symbol("@") || !at.take_symbol("@")) return std::nullopt;
    const bool scoped = at.take_word("SESSION") || at.take_word("LOCAL");
    if (scoped && !at.take_symbol(".")) return std::nullopt;
    const auto name = at.peek().text;
    const bool errors_only = at.take_word("ERROR_COUNT");
    if (!errors_only && !at.take_word("WARNING_COUNT")) return std::nullopt;
    told.columns.push_back({std::string(begin, name.data() + name.size()), column_type::unsigned_integer});
    row.emplace_back(std::uint64_t{count_of(last, errors_only)});
  } while (at.take_symbol(","));
  if (!at.at_end()) return std::nullopt;
  return told;
}

}  // namespace

diagnostics diagnose(const result& of, bool plain) {
  if (const auto* failed = std::get_if<failure>(&of)) {
    const auto error = to_server_error(*failed);
    return {{severity::error, error.code, error.message}};
  }
  if (const auto* outcome = std::get_if<kill_outcome>(&of)) return of_kill(*outcome, plain);
  return {};
}

std::optional<diagnostics_answer> answer_about(const diagnostics& last, std::string_view text) {
  if (text.size() > diagnostics_question_max) return std::nullopt;
  auto tokens = split_only_statement(text);
  if (!tokens) return std::nullopt;
  token_cursor at(std::move(*tokens));
  if (at.take_word("SHOW")) return answer_show(last, std::move(at));
  if (at.take_word("SELECT")) return answer_select(last, std::move(at));
  return std::nullopt;
}

}  // namespace sessiongate::admin
