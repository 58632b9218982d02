#include "admin/event_table.hpp"

#include "admin/authorize.hpp"
#include "admin/breather.hpp"
#include "admin/cells.hpp"
#include "admin/kill_table.hpp"
#include "admin/session_table.hpp"

#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

constexpr column columns[] = {
    {.sql_name = "id", .json_name = "id", .type = value_type::signed_integer},
    {.sql_name = "at", .json_name = "at"},
    {.sql_name = "type", .json_name = "type"},
    {.sql_name = "proxy_sessid", .json_name = "proxy_sessid", .type = value_type::wide_id},
    {.sql_name = "cs_id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "connection_id", .json_name = "connection_id", .type = value_type::signed_integer},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db"},
    {.sql_name = "backend", .json_name = "backend"},
    {.sql_name = "outcome", .json_name = "outcome"},
    {.sql_name = "detail", .json_name = "detail"},
    {.sql_name = "statement", .json_name = "statement"},
    {.sql_name = "duration_us", .json_name = "duration_us", .type = value_type::signed_integer},
    {.sql_name = "kill_number", .json_name = "kill_number", .type = value_type::signed_integer},
    {.sql_name = "by", .json_name = "by"},
    {.sql_name = "reason", .json_name = "reason"},
};

/// A kill as an event: what its record tells the reader of its target.
event target_of(const kill_record& done, bool may_list) {
  event about;
  about.outcome = to_text(done.end);
  about.detail = done.message;
  about.duration = done.target.elapsed;
  if (!may_list) return about;
  about.owner = done.identity;
  about.proxy_sessid = done.target.proxy_sessid;
  about.cs_id = done.target.cs_id;
  about.connection_id = done.target.connection_id;
  about.host = done.host;
  about.database = done.database;
  about.backend = done.backend;
  about.statement = done.target.statement;
  if (done.message.empty()) about.detail = done.target.backend_answer;
  return about;
}

std::vector<cell> to_row(const event& of, const event& about) {
  const auto* const who = about.owner.get();
  const auto* const kill = of.killed.get();
  return {static_cast<std::int64_t>(of.id),
          format_time(of.at),
          std::string(to_text(of.type)),
          about.proxy_sessid == 0 ? cell() : cell(about.proxy_sessid),
          null_when_zero(about.cs_id),
          null_when_zero(about.connection_id),
          who == nullptr ? cell() : cell(who->cluster),
          who == nullptr ? cell() : cell(who->tenant),
          who == nullptr ? cell() : cell(who->user),
          null_when_empty(about.host),
          null_when_empty(about.database),
          null_when_empty(about.backend),
          null_when_empty(about.outcome),
          null_when_empty(about.detail),
          null_when_empty(about.statement),
          about.duration ? cell(static_cast<std::int64_t>(about.duration->count())) : cell(),
          kill == nullptr ? cell() : null_when_zero(kill->number),
          kill == nullptr ? cell() : cell(to_text(kill->by)),
          kill == nullptr ? cell() : null_when_empty(kill->reason)};
}

}  // namespace

std::span<const column> event_columns() {
  return columns;
}

std::optional<std::vector<cell>> event_row(const event& happened, const principal& reader) {
  const auto* const kill = happened.killed.get();
  const bool may_list = may_see_ended(reader, kill == nullptr ? happened.owner.get() : kill->identity.get());
  if (kill == nullptr) return may_list ? std::optional(to_row(happened, happened)) : std::nullopt;
  if (!may_list && !asked_for(reader, *kill)) return std::nullopt;
  return to_row(happened, target_of(*kill, may_list));
}

std::vector<std::vector<cell>> event_rows(const show_table& /*asked*/, const principal& who,
                                          execution_context& context) {
  std::vector<std::vector<cell>> rows;
  if (context.events == nullptr) return rows;
  breather pause;
  for (const auto& each : context.events->list()) {
    if (auto row = event_row(*each, who)) rows.push_back(std::move(*row));
    pause.step();
  }
  return rows;
}

}  // namespace sessiongate::admin
