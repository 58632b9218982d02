#include "admin/drain_table.hpp"

#include "admin/cells.hpp"
#include "admin/session_table.hpp"

#include <string>

namespace sessiongate::admin {

namespace {

constexpr column columns[] = {
    {.sql_name = "number", .json_name = "number", .type = value_type::signed_integer},
    {.sql_name = "at", .json_name = "at"},
    {.sql_name = "by", .json_name = "by"},
    {.sql_name = "what", .json_name = "what"},
    {.sql_name = "after", .json_name = "after"},
    {.sql_name = "timeout_ms", .json_name = "timeout_ms", .type = value_type::signed_integer},
    {.sql_name = "reason", .json_name = "reason"},
    {.sql_name = "state", .json_name = "state"},
    {.sql_name = "total", .json_name = "total", .type = value_type::signed_integer},
    {.sql_name = "ended", .json_name = "ended", .type = value_type::signed_integer},
    {.sql_name = "killed", .json_name = "killed", .type = value_type::signed_integer},
    {.sql_name = "ended_otherwise", .json_name = "ended_otherwise", .type = value_type::signed_integer},
    {.sql_name = "released", .json_name = "released", .type = value_type::signed_integer},
    {.sql_name = "waiting", .json_name = "waiting", .type = value_type::signed_integer},
    {.sql_name = "elapsed_us", .json_name = "elapsed_us", .type = value_type::signed_integer},
};

std::vector<cell> to_row(const drain_report& one) {
  return {to_cell(one.number),
          format_time(one.at),
          to_text(one.by),
          null_when_empty(one.what),
          std::string(to_text(one.how.when)),
          one.how.timeout ? to_cell(one.how.timeout->count()) : cell(),
          null_when_empty(one.how.reason),
          std::string(to_text(one.state)),
          to_cell(one.total),
          to_cell(one.ended),
          to_cell(one.killed),
          to_cell(one.ended_otherwise),
          to_cell(one.released),
          to_cell(one.waiting),
          to_cell(one.elapsed.count())};
}

}  // namespace

std::span<const column> drain_columns() {
  return columns;
}

std::vector<std::vector<cell>> drain_rows(const show_table& /*asked*/, const principal& /*who*/,
                                          execution_context& context) {
  std::vector<std::vector<cell>> rows;
  if (context.draining == nullptr) return rows;
  for (const auto& each : context.draining->list()) rows.push_back(to_row(each));
  return rows;
}

table to_table(const drain_report& one) {
  return {
      .json_name = "drains", .columns = {std::begin(columns), std::end(columns)}, .rows = {to_row(one)}, .total = 1};
}

}  // namespace sessiongate::admin
