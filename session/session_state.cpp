#include "session/session_state.hpp"

#include <utility>

namespace sessiongate::session {

namespace {

constexpr std::size_t system_variables_max = 4096;  // servers have some hundreds: a limit for one that runs wild

tracked_variable to_variable(const variable_change& change) {
  using enum tracked_variable::knowledge;
  return {change.name, change.value.value_or(std::string()), change.value ? known : unknown, true};
}

}  // namespace

template <class Step>
void session_state::change(Step step) {
  tracked_variables next = *variables_.load();
  step(next);
  variables_.store(std::move(next));
}

void session_state::set_system_variables(const std::vector<variable_change>& changes) {
  if (changes.empty()) return;
  change([&](tracked_variables& next) {
    for (const auto& each : changes) {
      versions_.count(is_hot_variable(each.name) ? state_part::hot_system_variables : state_part::system_variables);
      put_variable(next.system, to_variable(each), system_variables_max);
    }
  });
}

void session_state::set_user_variables(const std::vector<variable_change>& changes, std::size_t limit) {
  if (changes.empty()) return;
  change([&](tracked_variables& next) {
    for (const auto& each : changes) {
      versions_.count(state_part::user_variables);
      if (!put_variable(next.user, to_variable(each), limit)) next.incomplete = true;
    }
  });
}

void session_state::set_last_insert_id(std::uint64_t id) {
  if (id == last_insert_id()) return;
  last_insert_id_.store(id, std::memory_order_relaxed);
  versions_.count(state_part::last_insert_id);
}

void session_state::reset() {
  const auto before = variables_.load();
  for (const auto& each : before->system) {
    if (!each.changed) continue;
    versions_.count(is_hot_variable(each.name) ? state_part::hot_system_variables : state_part::system_variables);
  }
  for (std::size_t each = 0; each < before->user.size(); ++each) versions_.count(state_part::user_variables);
  variables_.store(no_variables());
  set_last_insert_id(0);
}

void session_state::count_database_change(bool dropped) {
  if (dropped)
    versions_.reset(state_part::database);
  else
    versions_.count(state_part::database);
}

}  // namespace sessiongate::session
