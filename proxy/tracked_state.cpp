#include "proxy/tracked_state.hpp"

#include "proxy/snapshot_questions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;
using session::tracked_variable;

struct derived_variable {
  std::string_view name;
  std::array<std::string_view, 2> globals;
};

// What a session begins with that comes from its login or from another global than the one of its own name.
constexpr std::array derived{
    derived_variable{"character_set_client", {"character_set_client", "character_set_server"}},
    derived_variable{"character_set_connection", {"character_set_connection", "collation_server"}},
    derived_variable{"character_set_database", {"character_set_database", "collation_server"}},
    derived_variable{"character_set_results", {"character_set_results", "character_set_server"}},
    derived_variable{"collation_connection", {"collation_connection", "collation_server"}},
    derived_variable{"collation_database", {"collation_database", "collation_server"}},
    derived_variable{"wait_timeout", {"wait_timeout", "interactive_timeout"}},
};

// Setting one sets the others, and the server reports only the one.
constexpr std::array<std::array<std::string_view, 5>, 13> relatives{{
    {"default_storage_engine", "storage_engine"},
    {"tx_isolation", "transaction_isolation"},
    {"tx_read_only", "transaction_read_only"},
    {"log_slow_query", "slow_query_log"},
    {"log_slow_query_time", "long_query_time"},
    {"log_slow_min_examined_row_limit", "min_examined_row_limit"},
    {"log_slow_filter", "log_queries_not_using_indexes", "log_slow_admin_statements", "log_slow_disabled_statements",
     "log_slow_slave_statements"},
    {"tmp_table_size", "tmp_memory_table_size"},
    {"max_join_size", "sql_big_selects"},
    {"character_set_server", "collation_server"},
    {"character_set_database", "collation_database"},
    {"old", "old_mode"},
    {"wsrep_sync_wait", "wsrep_causal_reads"},
}};

bool is_same_global(const tracked_state& from, std::string_view name) {
  const auto before = from.globals_before->find(name);
  const auto now = from.globals_now->find(name);
  const bool listed = before != from.globals_before->end();
  if (!listed || now == from.globals_now->end()) return listed == (now != from.globals_now->end());
  return before->second == now->second;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

bool is_text(std::string_view literal) {
  return literal.starts_with('\'') || literal.starts_with('"');
}

/// It can be set again by the literal that it was set by.
bool is_repeatable(const tracked_variable& user, const session::tracked_variables& all) {
  if (user.known != tracked_variable::knowledge::known) return false;
  if (user.name.find_first_of("`'\"\\") != std::string::npos) return false;  // kept as written, in quotes or not
  if (user.literal_rules == tracked_variable::not_repeatable) return false;
  const bool anywhere = !is_text(user.value) && session::has_ascii_name(user);
  return anywhere || user.literal_rules == all.literal_rules;
}

class wanted_maker {
 public:
  wanted_maker(const tracked_state& from, const session_snapshot& fresh) : from_(from) { out_.wanted = fresh; }

  tracked_wanted make() {
    out_.wanted.database = from_.database;
    out_.wanted.user.clear();
    out_.wanted.last_insert_id = from_.last_insert_id.value_or(0);
    out_.wanted.unanswerable = hazard::reads_diagnostics;
    if (!is_same_global(from_, "init_connect")) fail("init_connect");
    for (auto& each : out_.wanted.variables) {
      if (!is_left_out(each.name)) take_untouched(each);
    }
    for (const auto& each : from_.variables->system) take_tracked(each);
    leave_connection_collation();
    take_client_collation();
    for (const auto& each : relatives) leave_relatives(each);
    for (const auto& each : unsure_) fail(each);
    return std::move(out_);
  }

 private:
  void fail(std::string_view name) {
    if (out_.failure.obstacle == recovery_obstacle::none)
      out_.failure = {recovery_obstacle::unknown_system_variable, std::string(name)};
  }

  /// The fresh session has what the old one had when it logged in, unless the server's settings have changed since.
  void take_untouched(system_variable& variable) {
    const auto* const by_others = std::ranges::find(derived, variable.name, &derived_variable::name);
    if (by_others != derived.end()) {
      const bool same = std::ranges::all_of(by_others->globals,
                                            [&](std::string_view global) { return is_same_global(from_, global); });
      if (!same) unsure_.push_back(variable.name);
      return;
    }
    if (is_same_global(from_, variable.name)) return;
    const auto before = from_.globals_before->find(variable.name);
    const auto init = from_.globals_before->find("init_connect");
    // With an init_connect the session may have begun with something else; an empty text may be NULL.
    const bool known = before != from_.globals_before->end() && !before->second.empty() &&
                       init != from_.globals_before->end() && init->second.empty();
    if (known)
      variable.value = before->second;
    else
      unsure_.push_back(variable.name);
  }

  void take_tracked(const tracked_variable& tracked) {
    const auto name = to_lower(tracked.name);
    if (is_left_out(name)) return;
    const auto place = std::ranges::find(out_.wanted.variables, name, &system_variable::name);
    const bool known = tracked.known == tracked_variable::knowledge::known;
    if (!known || place == out_.wanted.variables.end()) {
      if (tracked.changed) fail(name);
      return;
    }
    // An empty text may be NULL. Only these are NULL to say something.
    const bool is_null = tracked.value.empty() && (name == "character_set_results" || !place->value);
    place->value = is_null ? std::nullopt : std::optional(tracked.value);
    place->always = tracked.changed;
    std::erase(unsure_, name);
  }

  [[nodiscard]] const tracked_variable* find_changed(std::string_view name) const {
    const auto* const found = session::find_variable(from_.variables->system, name);
    return found != nullptr && found->changed ? found : nullptr;
  }

  /// Not told by a character set that was set: its default, which comes with setting it.
  void leave_connection_collation() {
    if (find_changed("character_set_connection") == nullptr) return;
    if (find_changed("collation_connection") == nullptr)
      leave_out("collation_connection");
    else
      leave_out("character_set_connection");
  }

  /// That of the results: state_replay, which has to know more.
  void take_client_collation() {
    const auto& client = from_.variables->client;
    if (client.from != session::tracked_collation::origin::login) out_.wanted.client_collation = client.name;
  }

  template <class Names>
  void leave_relatives(const Names& names) {
    const tracked_variable* first = nullptr;
    for (const auto name : names) {
      const auto* const changed = find_changed(name);
      if (changed == nullptr) continue;
      // Which one was set last is not known.
      if (first != nullptr && first->value != changed->value) fail(name);
      first = changed;
    }
    if (first == nullptr) return;
    for (const auto name : names) {
      if (find_changed(name) == nullptr) leave_out(name);
    }
  }

  void leave_out(std::string_view name) {
    std::erase_if(out_.wanted.variables, [&](const system_variable& each) { return each.name == name; });
    std::erase(unsure_, name);
  }

  const tracked_state& from_;
  tracked_wanted out_;
  std::vector<std::string> unsure_;  // what it began with is not known
};

}  // namespace

recovery_failure find_obstacle(const tracked_state& from) {
  const auto& variables = *from.variables;
  if (const auto obstacle = obstacle_of(from.seen); obstacle != recovery_obstacle::none) return {obstacle, {}};
  if (!from.globals_before || !from.globals_now) return {recovery_obstacle::hidden_changes, {}};
  using enum session::tracked_collation::origin;
  if (variables.client.from == unknown || variables.results.from == unknown)
    return {recovery_obstacle::unknown_system_variable, "character_set_client"};
  if (variables.incomplete) return {recovery_obstacle::unknown_user_variable, {}};
  for (const auto& each : variables.user) {
    if (!is_repeatable(each, variables)) return {recovery_obstacle::unknown_user_variable, '@' + each.name};
  }
  for (const auto& each : variables.system) {
    if (each.changed && each.known != tracked_variable::knowledge::known)
      return {recovery_obstacle::unknown_system_variable, each.name};
  }
  if (!from.last_insert_id) return {recovery_obstacle::last_insert_id, {}};
  return {};
}

tracked_wanted make_wanted(const tracked_state& from, const session_snapshot& fresh) {
  if (auto failure = find_obstacle(from); failure.obstacle != recovery_obstacle::none) return {{}, std::move(failure)};
  return wanted_maker(from, fresh).make();
}

std::vector<std::string> user_variable_statements(const tracked_state& from) {
  constexpr std::size_t statement_size_max = 4096;  // bytes
  std::vector<std::string> statements;
  std::string next;
  for (const auto& each : from.variables->user) {
    next.append(next.empty() ? "SET @" : ", @").append(quote_name(each.name)).append(" = ").append(each.value);
    if (next.size() < statement_size_max) continue;
    statements.push_back(std::exchange(next, std::string()));
  }
  if (!next.empty()) statements.push_back(std::move(next));
  return statements;
}

}  // namespace sessiongate::proxy
