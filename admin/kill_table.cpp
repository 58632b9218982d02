#include "admin/kill_table.hpp"

#include "admin/authorize.hpp"
#include "admin/cells.hpp"
#include "admin/session_table.hpp"

#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

constexpr column columns[] = {
    {.sql_name = "number", .json_name = "number", .type = value_type::signed_integer},
    {.sql_name = "at", .json_name = "at"},
    {.sql_name = "by", .json_name = "by"},
    {.sql_name = "face", .json_name = "face"},
    {.sql_name = "by_address", .json_name = "by_address"},
    {.sql_name = "verb", .json_name = "verb"},
    {.sql_name = "id", .json_name = "id"},  // as it was given: a number, or with its form
    {.sql_name = "reason", .json_name = "reason"},
    {.sql_name = "outcome", .json_name = "outcome"},
    {.sql_name = "proxy_sessid", .json_name = "proxy_sessid", .type = value_type::wide_id},
    {.sql_name = "cs_id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "ss_id", .json_name = "ss_id", .type = value_type::signed_integer},
    {.sql_name = "connection_id", .json_name = "connection_id", .type = value_type::signed_integer},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db"},
    {.sql_name = "backend", .json_name = "backend"},
    {.sql_name = "was_running", .json_name = "was_running", .type = value_type::boolean},
    {.sql_name = "statement", .json_name = "statement"},
    {.sql_name = "ran_us", .json_name = "ran_us", .type = value_type::signed_integer},
    {.sql_name = "was_in_transaction", .json_name = "was_in_transaction", .type = value_type::boolean},
    {.sql_name = "interrupt", .json_name = "interrupt"},
    {.sql_name = "backend_error", .json_name = "backend_error", .type = value_type::signed_integer},
    {.sql_name = "message", .json_name = "message"},
    {.sql_name = "recoverable", .json_name = "recoverable", .type = value_type::boolean},
    {.sql_name = "obstacle", .json_name = "obstacle"},
    {.sql_name = "ending", .json_name = "ending"},
    {.sql_name = "waited_us", .json_name = "waited_us", .type = value_type::signed_integer},
    {.sql_name = "elapsed_us", .json_name = "elapsed_us", .type = value_type::signed_integer},
};

const std::string& message_of(const kill_record& done, const kill_outcome& target) {
  if (!done.message.empty()) return done.message;
  return target.ended_with.empty() ? target.backend_answer : target.ended_with;
}

/// Of a session that the reader may not list there is nothing but what its own kill was told: a refused kill must not
/// tell that the session exists, or whose it is.
std::vector<cell> to_row(const kill_record& done, bool may_list) {
  const auto target = may_list ? done.target : kill_outcome();
  const auto* who = may_list ? done.identity.get() : nullptr;
  const auto recoverable = is_recoverable(target);
  const auto of_target = [&](const std::string& text) { return may_list ? null_when_empty(text) : cell(); };
  return {to_cell(done.number),
          format_time(done.at),
          to_text(done.by),
          std::string(to_text(done.by.face)),
          null_when_empty(done.by.address),
          std::string(to_text(done.verb)),
          done.id ? cell(to_text(*done.id)) : cell(),
          null_when_empty(done.reason),
          std::string(to_text(done.end)),
          target.proxy_sessid == 0 ? cell() : cell(target.proxy_sessid),
          null_when_zero(target.cs_id),
          null_when_zero(target.ss_id),
          null_when_zero(target.connection_id),
          who == nullptr ? cell() : cell(who->cluster),
          who == nullptr ? cell() : cell(who->tenant),
          who == nullptr ? cell() : cell(who->user),
          of_target(done.host),
          of_target(done.database),
          of_target(done.backend),
          target.was_running,
          null_when_empty(target.statement),
          target.was_running ? to_cell(target.ran.count()) : cell(),
          target.was_in_transaction,
          std::string(to_text(target.interrupt)),
          null_when_zero(target.backend_error),
          null_when_empty(message_of(done, target)),
          recoverable ? cell(*recoverable) : cell(),
          null_when_empty(std::string(obstacle_word(target))),
          std::string(to_text(target.ending)),
          to_cell(target.waited.count()),
          to_cell(done.target.elapsed.count())};
}

bool is_same(const principal& left, const principal& right) {
  return left.kind == right.kind && left.user == right.user && left.tenant == right.tenant &&
         left.cluster == right.cluster && left.token == right.token;
}

}  // namespace

std::vector<cell> kill_row(const kill_record& done) {
  return to_row(done, true);
}

bool asked_for(const principal& reader, const kill_record& done) {
  return is_same(reader, done.by);
}

std::optional<std::vector<cell>> kill_row(const kill_record& done, const principal& reader) {
  const bool may_list = may_see_ended(reader, done.identity.get());
  if (!may_list && !asked_for(reader, done)) return std::nullopt;
  return to_row(done, may_list);
}

std::span<const column> kill_columns() {
  return columns;
}

std::vector<std::vector<cell>> kill_rows(const show_table& /*asked*/, const principal& who,
                                         execution_context& context) {
  std::vector<std::vector<cell>> rows;
  if (context.trail == nullptr) return rows;
  for (const auto& each : context.trail->list()) {
    if (auto row = kill_row(*each, who)) rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace sessiongate::admin
