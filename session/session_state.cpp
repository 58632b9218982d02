#include "session/session_state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sessiongate::session {

namespace {

constexpr std::size_t system_variables_max = 4096;  // servers have some hundreds: a limit for one that runs wild

constexpr std::string_view character_set_name = "character_set_connection";
constexpr std::string_view collation_name = "collation_connection";

tracked_variable to_variable(const variable_change& change) {
  using enum tracked_variable::knowledge;
  return {change.name, change.value.value_or(std::string()), change.value ? known : unknown, true};
}

bool is_named(const variable_change& change, std::string_view name) {
  return std::ranges::equal(change.name, name, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
}

/// What a text literal's meaning depends on, for comparing.
std::string rules_of(const tracked_variables& all) {
  std::string rules(1, all.default_collation ? '1' : '0');
  for (const auto name :
       {std::string_view("character_set_client"), character_set_name, collation_name, std::string_view("sql_mode")}) {
    const auto* const found = find_variable(all.system, name);
    rules += found == nullptr ? "-" : static_cast<char>('a' + static_cast<int>(found->known)) + found->value;
    rules += '\0';
  }
  return rules;
}

/// They go together with the character sets, and servers report only what was set.
void keep_collations_true(tracked_variables& next, const variable_change& change) {
  if (is_named(change, "character_set_client")) {
    next.client = {tracked_collation::origin::character_set, {}};
  } else if (is_named(change, "character_set_results")) {
    next.results = {tracked_collation::origin::character_set, {}};
  } else if (is_named(change, character_set_name)) {
    remove_variable(next.system, collation_name);
    next.default_collation = true;
  } else if (is_named(change, collation_name)) {
    auto set = to_variable({std::string(character_set_name), change.value});
    set.value = set.value.substr(0, set.value.find('_'));
    put_variable(next.system, std::move(set), system_variables_max);
  }
}

/// NULL keeps the type that the variable had.
bool loses_type(const tracked_variables& before, const variable_change& change) {
  const bool is_null = change.value && change.value->size() == 4 && (change.value->front() | 0x20) == 'n';
  return is_null && find_variable(before.user, change.name) != nullptr;
}

/// The same letters under other rules may have been another variable's name, which the server still has.
bool hides_another(const tracked_variables& before, const variable_change& change) {
  const auto* const same = find_variable(before.user, change.name);
  return same != nullptr && !has_ascii_name(*same) && same->literal_rules != before.literal_rules;
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
    const auto before = rules_of(next);
    for (const auto& each : changes) {
      versions_.count(is_hot_variable(each.name) ? state_part::hot_system_variables : state_part::system_variables);
      keep_collations_true(next, each);
      put_variable(next.system, to_variable(each), system_variables_max);
    }
    if (rules_of(next) != before) ++next.literal_rules;
  });
}

void session_state::set_names_collation(const std::optional<std::string>& name) {
  using enum tracked_collation::origin;
  change([&](tracked_variables& next) {
    next.client = next.results = {name ? named : unknown, name.value_or(std::string())};
  });
}

void session_state::set_user_variables(const std::vector<variable_change>& changes, std::size_t limit) {
  if (changes.empty()) return;
  change([&](tracked_variables& next) {
    for (const auto& each : changes) {
      versions_.count(state_part::user_variables);
      auto set = to_variable(each);
      const bool repeatable = !loses_type(next, each) && !hides_another(next, each);
      set.literal_rules = repeatable ? next.literal_rules : tracked_variable::not_repeatable;
      if (!put_variable(next.user, std::move(set), limit)) next.incomplete = true;
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
