// What a parser made of a statement, in words that a table of tests can have.
#pragma once

#include "admin/sql_parser.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <variant>

namespace sessiongate::admin::test {

using parse_result = std::variant<not_ours, statement, failure>;

inline std::string describe(const table_query& query) {
  std::string text;
  for (const auto& each : query.where.all) {
    const bool like = each.column == "attribute_name" && each.op == comparison_op::like;
    text += like ? " like " + each.values.front().text : ' ' + to_text(predicate{{each}});
  }
  for (const auto& each : query.order) text += (each.descending ? " desc " : " asc ") + each.column;
  if (query.limit) text += " limit " + std::to_string(*query.limit);
  if (query.offset != 0) text += " offset " + std::to_string(query.offset);
  return text;
}
inline std::string describe(const show_table& what) {
  constexpr std::array names{"list",   "processes", "mysql processes", "variables", "session stats", "closed", "kills",
                             "drains", "events",    "config",          "threads",   "connections",   "stats",  "memory",
                             "info",   "clusters",  "version",         "help"};
  return names.at(static_cast<std::size_t>(what.what)) + std::string(what.full ? " full" : "") + describe(what.query);
}
inline std::string describe(const show_session& what) {
  return "show" + (what.id ? ' ' + to_text(*what.id) : std::string()) + describe(what.query);
}
inline std::string describe(const alter_config& what) {
  return "alter " + what.name + '=' + what.value;
}
inline std::string describe(const ping&) {
  return "ping";
}
inline std::string describe(const kill_manner& how) {
  std::string text;
  if (how.when != kill_moment::at_once) text += " after " + std::string(to_text(how.when));
  if (how.timeout) text += ' ' + std::to_string(how.timeout->count()) + "ms";
  return how.reason.empty() ? text : text + " (" + how.reason + ')';
}
inline std::string describe(const kill_session& what) {
  return "kill " + to_text(what.id) + describe(what.how);
}
inline std::string describe(const kill_server_session& what) {
  return "kill " + to_text(what.id) + " ss " + std::to_string(what.ss_id) + describe(what.how);
}
inline std::string describe(const kill_query& what) {
  return "query " + to_text(what.id) + describe(what.how);
}
inline std::string describe(const kill_matching& what) {
  return std::string(what.query ? "query" : "kill") + " where " + to_text(what.where) +
         (what.limit ? " limit " + std::to_string(*what.limit) : "") + (what.include_self ? " self" : "") +
         (what.dry_run ? " dry" : "") + describe(what.how);
}

inline std::string describe(const start_drain& what) {
  return "drain " + to_text(what.where) + describe(what.how);
}
inline std::string describe(const drain_backend& what) {
  return "drain backend " + what.cluster + ' ' + what.backend + describe(what.how);
}
inline std::string describe(const undrain_backend& what) {
  return "undrain backend " + what.cluster + ' ' + what.backend;
}
inline std::string describe(const cancel_drain& what) {
  return "cancel drain " + std::to_string(what.number);
}

inline std::string describe(const parse_result& parsed) {
  if (std::holds_alternative<not_ours>(parsed)) return "not ours";
  if (const auto* error = std::get_if<failure>(&parsed)) {
    CHECK(error->kind == failure_kind::malformed);
    CHECK(error->message.starts_with("Unknown operator"));
    return "malformed";
  }
  const auto& what = std::get<statement>(parsed);
  auto text = std::visit([](const auto& each) { return describe(each); }, what.what);
  if (is_plain_kill(what.what)) text += " plain";
  if (what.own_session) text += " own";
  if (what.id_is_parameter) text += " id?";
  if (what.ss_id_is_parameter) text += " ss?";
  if (what.number_is_parameter) text += " number?";
  return text;
}

/// What the two must agree on for any text at all. Gives what parse_statement() says.
inline std::string check_agreement(std::string_view text, bool prepared) {
  const auto parsed = describe(parse_statement(text, {.prepared = prepared}));
  if (sieve_statement(text, true) == sieve_verdict::need_more) return "a verdict that cannot be";
  if (parsed == "not ours") return parsed;
  if (sieve_statement(text, true) != sieve_verdict::maybe) return "ours, but sieved out";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    if (sieve_statement(text.substr(0, size), false) == sieve_verdict::not_ours) return "sieved out too early";
  }
  return parsed;
}

}  // namespace sessiongate::admin::test
