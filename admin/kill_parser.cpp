#include "admin/kill_parser.hpp"

#include "admin/id_operand.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

using parse_result = std::variant<not_ours, statement, failure>;

std::optional<failure> take_moment(token_cursor& at, kill_manner& into) {
  const auto when = parse_kill_moment(at.peek().text);
  if (!when || at.peek().kind != token_kind::word) return malformed("STATEMENT or TRANSACTION", at);
  into.when = *when;
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_timeout(token_cursor& at, kill_manner& into) {
  into.timeout = parse_kill_timeout(at.peek().text);
  const auto kind = at.peek().kind;  // a number with decimals is no token of its own
  if (!into.timeout || (kind != token_kind::number && kind != token_kind::symbol)) {
    return malformed("a number of seconds", at);
  }
  at.skip();
  return std::nullopt;
}

std::optional<failure> take_comment(token_cursor& at, kill_manner& into) {
  if (at.peek().kind != token_kind::string) return malformed("a reason in quotes", at);
  into.reason = unquote(at.peek());
  if (!is_kill_reason(into.reason)) return malformed(kill_reason_rule, at);
  at.skip();
  return std::nullopt;
}

struct option {
  std::string_view word;
  bool for_queries;
  std::optional<failure> (*take)(token_cursor& at, kill_manner& into);
};

constexpr std::array<option, 3> options{{
    {"AFTER", false, take_moment},
    {"TIMEOUT", false, take_timeout},
    {"COMMENT", true, take_comment},
}};

/// All that is left.
std::optional<failure> take_options(token_cursor& at, bool of_query, kill_manner& into) {
  std::array<bool, options.size()> seen{};
  while (!at.at_end()) {
    const auto* const found = std::ranges::find_if(options, [&](const option& each) {
      return (each.for_queries || !of_query) && at.peek().kind == token_kind::word &&
             equals_ignoring_case(at.peek().text, each.word);
    });
    if (found == options.end()) {
      return malformed(of_query ? "COMMENT or the end of the statement" : "AFTER, COMMENT or the end of the statement",
                       at);
    }
    auto& was_seen = seen.at(static_cast<std::size_t>(found - options.begin()));
    if (was_seen) return malformed("one " + std::string(found->word), at);
    was_seen = true;
    at.skip();
    if (auto wrong = found->take(at, into)) return wrong;
  }
  return is_consistent(into) ? std::nullopt : std::optional(malformed("AFTER together with TIMEOUT", at));
}

statement make_statement(command what, const id_operand& id) {
  statement made{.what = std::move(what), .own_session = id.own_session, .id_is_parameter = id.parameter};
  return made;
}

parse_result parse_query_kill(token_cursor& at, bool prepared) {
  auto id = take_id(at, prepared);
  if (!id) return malformed("the id of a session", at);
  kill_query what{.id = std::move(id->id)};
  if (auto wrong = take_options(at, true, what.how)) return std::move(*wrong);
  return make_statement(std::move(what), *id);
}

parse_result parse_proxysession_kill(token_cursor& at, bool prepared) {
  if (at.take_word("QUERY")) return parse_query_kill(at, prepared);
  auto id = take_id(at, prepared);
  if (!id) return malformed("the id of a session", at);
  if (at.at_end() || at.peek().kind == token_kind::word) {
    kill_session what{.id = std::move(id->id)};
    if (auto wrong = take_options(at, false, what.how)) return std::move(*wrong);
    return make_statement(std::move(what), *id);
  }
  const auto ss_id = take_ss_id(at, prepared);
  if (!ss_id) return malformed("an ss_id", at);
  kill_server_session what{.id = std::move(id->id), .ss_id = ss_id->value};
  if (auto wrong = take_options(at, false, what.how)) return std::move(*wrong);
  auto parsed = make_statement(std::move(what), *id);
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

parse_result parse_kill(token_cursor& at, bool prepared) {
  return at.take_word("PROXYSESSION") ? parse_proxysession_kill(at, prepared) : parse_plain_kill(at, prepared);
}

}  // namespace sessiongate::admin
