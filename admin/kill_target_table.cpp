#include "admin/kill_target_table.hpp"

#include "admin/cells.hpp"
#include "admin/predicate.hpp"
#include "admin/process_table.hpp"

#include <iterator>
#include <string>

namespace sessiongate::admin {

namespace {

constexpr column columns[] = {
    // Of the process list, by the names that they have there in JSON.
    {.sql_name = "Id", .json_name = "cs_id", .type = value_type::signed_integer},
    {.sql_name = "connection_id", .json_name = "connection_id", .type = value_type::signed_integer},
    {.sql_name = "User", .json_name = "user"},
    {.sql_name = "Tenant", .json_name = "tenant"},
    {.sql_name = "Cluster", .json_name = "cluster"},
    {.sql_name = "Host", .json_name = "host"},
    {.sql_name = "db", .json_name = "db"},
    {.sql_name = "Command", .json_name = "command"},
    {.sql_name = "Time", .json_name = "time", .type = value_type::signed_integer},
    {.sql_name = "State", .json_name = "state"},
    {.sql_name = "idle", .json_name = "idle", .type = value_type::signed_integer},
    {.sql_name = "in_transaction", .json_name = "in_transaction", .type = value_type::boolean},
    {.sql_name = "Info", .json_name = "info"},
    // What came of it.
    {.sql_name = "outcome", .json_name = "outcome"},
    {.sql_name = "interrupt", .json_name = "interrupt"},
    {.sql_name = "message", .json_name = "message"},
    {.sql_name = "elapsed_us", .json_name = "elapsed_us", .type = value_type::signed_integer},
};
constexpr std::size_t shown_count = 13;

/// What is known of the target; null when it had gone already.
const kill_outcome* outcome_of(const result& done) {
  if (const auto* outcome = std::get_if<kill_outcome>(&done)) return outcome;
  const auto* failed = std::get_if<failure>(&done);
  return failed != nullptr && failed->target ? &*failed->target : nullptr;
}

}  // namespace

std::span<const column> kill_target_columns() {
  return columns;
}

std::vector<cell> kill_target_row(const std::vector<cell>& shown, const result* done) {
  std::vector<cell> row;
  row.reserve(std::size(columns));
  for (std::size_t at = 0; at < shown_count; ++at) {
    row.push_back(shown[find_column(process_columns(), columns[at].json_name)]);
  }
  if (done == nullptr) {
    row.insert(row.end(), {std::string("matched"), cell(), cell(), cell()});
    return row;
  }
  const auto* outcome = outcome_of(*done);
  const auto* failed = std::get_if<failure>(done);
  row.emplace_back(std::string(to_text(end_of(*done))));
  row.push_back(outcome == nullptr ? cell() : cell(std::string(to_text(outcome->interrupt))));
  row.push_back(failed != nullptr    ? cell(failed->message)
                : outcome != nullptr ? null_when_empty(outcome->backend_answer)
                                     : cell());
  row.push_back(outcome == nullptr ? cell() : cell(static_cast<std::int64_t>(outcome->elapsed.count())));
  return row;
}

}  // namespace sessiongate::admin
