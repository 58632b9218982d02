#include "admin/kill_parser.hpp"

#include "admin/id_operand.hpp"
#include "admin/query_parser.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

using parse_result = std::variant<not_ours, statement, failure>;

/// What the options are put into: a command for several has all of them.
using options_taken = kill_matching;

std::optional<failure> take_moment(token_cursor& at, options_taken& into) {
  const auto when = parse_kill_moment(at.peek().text);
  if (!when || at.peek().kind != token_kind::word) return malformed("STATEMENT or TRANSACTION", at);
  into.how.when = *when;
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_timeout(token_cursor& at, options_taken& into) {
  const auto kind = at.peek().kind;  // a number with decimals is no token of its own
  if (kind == token_kind::number || kind == token_kind::symbol) into.how.timeout = parse_kill_timeout(at.peek().text);
  if (!into.how.timeout) return malformed("a number of seconds", at);
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_comment(token_cursor& at, options_taken& into) {
  if (at.peek().kind != token_kind::string) return malformed("a reason in quotes", at);
  into.how.reason = unquote(at.peek());
  if (!is_kill_reason(into.how.reason)) return malformed(kill_reason_rule, at);
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_limit(token_cursor& at, options_taken& into) {
  const auto limit = at.peek().kind == token_kind::number ? parse_id(at.peek().text) : std::nullopt;
  const bool is_count = limit && *limit > 0 && !at.peek().text.starts_with('-');
  if (!is_count) return malformed("a number of sessions", at);
  into.limit = limit;
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_self(token_cursor& at, options_taken& into) {
  into.include_self = at.take_word("SELF");
  return into.include_self ? std::nullopt : std::optional(malformed("SELF", at));
}

std::optional<failure> take_dry_run(token_cursor& at, options_taken& into) {
  into.dry_run = at.take_word("RUN");
  return into.dry_run ? std::nullopt : std::optional(malformed("RUN", at));
}

struct option {
  std::string_view word;
  bool for_queries;  // else for whole sessions only
  bool for_one;      // else with WHERE only
  std::optional<failure> (*take)(token_cursor& at, options_taken& into);
};

constexpr std::array<option, 6> options{{
    {"AFTER", false, true, take_moment},
    {"TIMEOUT", false, true, take_timeout},
    {"COMMENT", true, true, take_comment},
    {"LIMIT", true, false, take_limit},
    {"INCLUDE", true, false, take_self},
    {"DRY", true, false, take_dry_run},
}};

/// All that is left. `into.query` says of which kind the kill is.
std::optional<failure> take_options(token_cursor& at, bool for_one, options_taken& into) {
  std::array<bool, options.size()> seen{};
  while (!at.at_end()) {
    const auto* const found = std::ranges::find_if(options, [&](const option& each) {
      const bool fits = (each.for_queries || !into.query) && (each.for_one || !for_one);
      return fits && at.peek().kind == token_kind::word && equals_ignoring_case(at.peek().text, each.word);
    });
    if (found == options.end()) return malformed("an option or the end of the statement", at);
    auto& was_seen = seen.at(static_cast<std::size_t>(found - options.begin()));
    if (was_seen) return malformed("one " + std::string(found->word), at);
    was_seen = true;
    at.skip();
    if (auto wrong = found->take(at, into)) return wrong;
  }
  return is_consistent(into.how) ? std::nullopt : std::optional(malformed("AFTER together with TIMEOUT", at));
}

statement make_statement(command what, const id_operand& id) {
  return {.what = std::move(what), .own_session = id.own_session, .id_is_parameter = id.parameter};
}

parse_result parse_matching_kill(token_cursor& at, bool prepared, bool of_query) {
  kill_matching what{.query = of_query};
  auto where = parse_predicate(at, prepared);
  if (auto* wrong = std::get_if<failure>(&where)) return std::move(*wrong);
  what.where = std::get<predicate>(std::move(where));
  if (auto wrong = take_options(at, false, what)) return std::move(*wrong);
  return statement{.what = std::move(what)};
}

parse_result parse_query_kill(token_cursor& at, bool prepared) {
  auto id = take_id(at, prepared);
  if (!id) return malformed("WHERE or the id of a session", at);
  options_taken given{.query = true};
  if (auto wrong = take_options(at, true, given)) return std::move(*wrong);
  return make_statement(kill_query{.id = std::move(id->id), .how = std::move(given.how)}, *id);
}

parse_result parse_proxysession_kill(token_cursor& at, bool prepared) {
  const bool of_query = at.take_word("QUERY");
  if (at.take_word("WHERE")) return parse_matching_kill(at, prepared, of_query);
  if (of_query) return parse_query_kill(at, prepared);
  auto id = take_id(at, prepared);
  if (!id) return malformed("the id of a session", at);
  const bool whole = at.at_end() || at.peek().kind == token_kind::word;
  const auto ss_id = whole ? std::optional(ss_id_operand{}) : take_ss_id(at, prepared);
  if (!ss_id) return malformed("an ss_id", at);
  options_taken given;
  if (auto wrong = take_options(at, true, given)) return std::move(*wrong);
  if (whole) return make_statement(kill_session{.id = std::move(id->id), .how = std::move(given.how)}, *id);
  auto parsed = make_statement(
      kill_server_session{.id = std::move(id->id), .ss_id = ss_id->value, .how = std::move(given.how)}, *id);
  parsed.ss_id_is_parameter = ss_id->parameter;
  return parsed;
}

parse_result parse_plain_kill(token_cursor& at, bool prepared) {
  if (!at.take_word("HARD")) at.take_word("SOFT");
  const bool of_query = at.take_word("QUERY");
  if (!of_query) at.take_word("CONNECTION");
  const auto id = take_id(at, prepared);
  if (!id || id->id.form != id_form::any || !at.at_end()) return not_ours{};
  if (of_query) return make_statement(kill_query{.id = id->id, .plain = true}, *id);
  return make_statement(kill_session{.id = id->id, .plain = true}, *id);
}

}  // namespace

std::optional<failure> take_kill_options(token_cursor& at, kill_manner& into) {
  options_taken given{.how = into};
  if (auto wrong = take_options(at, true, given)) return wrong;
  into = std::move(given.how);
  return std::nullopt;
}

parse_result parse_kill(token_cursor& at, bool prepared) {
  return at.take_word("PROXYSESSION") ? parse_proxysession_kill(at, prepared) : parse_plain_kill(at, prepared);
}

}  // namespace sessiongate::admin
