#include "proxy/session_snapshot.hpp"

#include <algorithm>
#include <array>

namespace sessiongate::proxy {

namespace {

struct left_out_variable {
  std::string_view name;
  std::string_view reason;
};

// Sorted by name.
constexpr std::array left_out{
    left_out_variable{"error_count", "of the statement before"},
    left_out_variable{"external_user", "of the login"},
    left_out_variable{"gtid_executed", "the server's"},
    left_out_variable{"gtid_next", "cannot be set in advance of a transaction; `one_shot` when a client does"},
    left_out_variable{"gtid_owned", "the server's"},
    left_out_variable{"gtid_purged", "the server's"},
    left_out_variable{"identity", "last_insert_id by another name"},
    left_out_variable{"in_transaction", "an obstacle"},
    left_out_variable{"last_gtid", "of the transaction before"},
    left_out_variable{"last_insert_id", "kept apart"},
    left_out_variable{"max_allowed_packet", "no session can set it: the server's setting at login"},
    left_out_variable{"max_user_connections", "the account's"},
    left_out_variable{"net_buffer_length", "no session can set it: the server's setting at login"},
    left_out_variable{"proxy_user", "of the login"},
    left_out_variable{"pseudo_thread_id", "the connection's own number"},
    left_out_variable{"rand_seed1", "moves with each RAND()"},
    left_out_variable{"rand_seed2", "moves with each RAND()"},
    left_out_variable{"timestamp", "kept apart"},
    left_out_variable{"warning_count", "of the statement before"},
};

template <class Named>
bool precedes(const Named& left, std::string_view right) {
  return left.name < right;
}

std::optional<std::string> find_variable_difference(const session_snapshot& wanted, const session_snapshot& actual) {
  for (const auto& each : wanted.variables) {
    if (is_left_out(each.name)) continue;
    const auto* const other = find_variable(actual, each.name);
    if (other == nullptr || other->value != each.value) return each.name;
  }
  return std::nullopt;
}

std::optional<std::string> find_user_difference(const session_snapshot& wanted, const session_snapshot& actual) {
  for (std::size_t each = 0; each < std::max(wanted.user.size(), actual.user.size()); ++each) {
    if (each >= wanted.user.size()) return '@' + actual.user[each].name;
    if (each >= actual.user.size() || wanted.user[each] != actual.user[each]) return '@' + wanted.user[each].name;
  }
  return std::nullopt;
}

}  // namespace

std::size_t session_snapshot::size() const {
  std::size_t bytes = 0;
  for (const auto& each : variables) bytes += each.name.size() + each.value.value_or("").size();
  for (const auto& each : user) bytes += each.name.size() + each.value.value_or("").size() + sizeof each;
  return bytes;
}

const system_variable* find_variable(const session_snapshot& in, std::string_view name) {
  const auto place = std::lower_bound(in.variables.begin(), in.variables.end(), name, precedes<system_variable>);
  return place != in.variables.end() && place->name == name ? &*place : nullptr;
}

bool is_left_out(std::string_view variable) {
  const auto* const place = std::lower_bound(left_out.begin(), left_out.end(), variable, precedes<left_out_variable>);
  return place != left_out.end() && place->name == variable;
}

std::optional<std::string> find_difference(const session_snapshot& wanted, const session_snapshot& actual) {
  if (auto name = find_variable_difference(wanted, actual)) return name;
  if (auto name = find_user_difference(wanted, actual)) return name;
  if (wanted.database != actual.database) return "database";
  if (wanted.role != actual.role) return "role";
  if (wanted.last_insert_id != actual.last_insert_id) return "last_insert_id";
  if (wanted.fixed_timestamp != actual.fixed_timestamp) return "timestamp";
  return std::nullopt;
}

}  // namespace sessiongate::proxy
