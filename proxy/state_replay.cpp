#include "proxy/state_replay.hpp"

#include "proxy/replay_statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace sessiongate::proxy {

namespace {

using session::recovery_obstacle;
using variables = std::vector<const system_variable*>;

constexpr std::size_t statement_size_max = 1U << 20U;
constexpr std::uint16_t global_variable = 1229;
constexpr std::uint16_t wrong_type = 1232;
constexpr std::uint16_t session_read_only = 1621;

struct followed_variable {
  std::string_view name;
  std::string_view follower;
};

// Setting the one sets the other, so that has to be set again.
constexpr std::array followed{
    followed_variable{"character_set_connection", "collation_connection"},
    followed_variable{"character_set_database", "collation_database"},
    followed_variable{"character_set_server", "collation_server"},
    followed_variable{"max_join_size", "sql_big_selects"},
};

bool is_server_wide(const text_answer& answer) {
  return answer.error->code == global_variable || answer.error->code == protocol::er::read_only_variable ||
         answer.error->code == session_read_only;
}

std::size_t statement_limit(const session_snapshot& fresh) {
  constexpr std::size_t around = 64;  // the packet's own
  std::size_t packet = statement_size_max;
  if (const auto* const variable = find_variable(fresh, "max_allowed_packet"); variable != nullptr && variable->value)
    std::from_chars(variable->value->data(), variable->value->data() + variable->value->size(), packet);
  return std::min(std::max(packet, 2 * around) - around, statement_size_max);
}

/// SELECT @@name tells some in another way than a listing.
bool is_equal(const system_variable& wanted, nullable_text shown) {
  if (shown) std::erase(*shown, '\0');  // of a wide character_set_results
  if (shown == wanted.value) return true;
  if (!shown || !wanted.value) return false;
  return (*wanted.value == "ON" && *shown == "1") || (*wanted.value == "OFF" && *shown == "0");
}

/// Those of `wanted` that differ in `now`, in their order, with the followers of what is set.
variables find_changes(const session_snapshot& wanted, const session_snapshot& now) {
  variables changes;
  for (const auto& each : wanted.variables) {
    const auto* const other = find_variable(now, each.name);
    const auto leads = [&](const followed_variable& pair) {
      return pair.follower == each.name && !changes.empty() &&
             std::ranges::find(changes, pair.name, &system_variable::name) != changes.end();
    };
    if (other == nullptr) continue;
    if (each.always || other->value != each.value || std::ranges::any_of(followed, leads)) changes.push_back(&each);
  }
  return changes;
}

std::string set_statement(const variables& changes) {
  std::string statement = "SET ";
  for (const auto* const each : changes) statement.append(system_assignment(*each)).append(", ");
  statement.resize(statement.size() - 2);
  return statement;
}

/// A collation's name that may stand in a statement as it is.
bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

state_replay::state_replay(wanted_state wanted, server_version server, std::size_t size_max,
                           protocol::capabilities negotiated)
    : server_(server),
      size_max_(size_max),
      dialogue_(negotiated),
      fresh_questions_(dialogue_, fresh_, server_, size_max_),
      actual_questions_(dialogue_, actual_, server_, size_max_),
      actual_user_variables_(dialogue_, actual_, server_, size_max_) {
  if (auto* const tracked = std::get_if<tracked_state>(&wanted))
    tracked_ = std::move(*tracked);
  else
    wanted_ = std::move(std::get<session_snapshot>(wanted));
  fresh_questions_.open();
  if (tracked_) fresh_questions_.ask_client_collation();
  fresh_questions_.prepare();
  fresh_questions_.ask_place();
  dialogue_.then([this] { set_place(); });
  fresh_questions_.ask_variables();
  dialogue_.then([this] { find_wanted(); });
  dialogue_.then([this] { set_user_variables(); });
  dialogue_.then([this] { set_variables(); });
  dialogue_.then([this] { verify(); });
}

void state_replay::set(std::string statement, std::string name) {
  ++replayed_;
  dialogue_.ask(std::move(statement), [this, name = std::move(name)](const text_answer& answer) {
    if (answer.error) dialogue_.fail(recovery_obstacle::replay_refused, name + ": " + answer.error->message);
  });
}

/// The role first: the database may need it.
void state_replay::set_place() {
  const auto& database = tracked_ ? tracked_->database : wanted_.database;
  if (!tracked_ && wanted_.role != fresh_.role) {
    auto role = wanted_.role.value_or("NONE");
    if (server_.is_mariadb && wanted_.role) role = quote_name(role);
    set("SET ROLE " + role, "role");
  }
  if (database == fresh_.database) return;
  if (!database) return dialogue_.fail(recovery_obstacle::state_differs, "database");
  set("USE " + quote_name(*database), "database");
}

void state_replay::find_wanted() {
  if (tracked_) {
    auto made = make_wanted(*tracked_, fresh_);
    if (made.failure.obstacle != recovery_obstacle::none)
      return dialogue_.fail(made.failure.obstacle, std::move(made.failure.detail));
    wanted_ = std::move(made.wanted);
  }
  std::ranges::copy_if(wanted_.variables, std::back_inserter(seeds_.variables),
                       [](const system_variable& each) { return each.name.starts_with("rand_seed"); });
  std::erase_if(wanted_.variables, [](const system_variable& each) { return is_left_out(each.name); });
  for (const auto& each : wanted_.variables) {
    if (find_variable(fresh_, each.name) == nullptr)
      return dialogue_.fail(recovery_obstacle::server_differs, each.name);
  }
  const auto is_last = [](const system_variable& each) { return is_set_last(each.name); };
  std::ranges::copy_if(wanted_.variables, std::back_inserter(set_last_), is_last);
  std::erase_if(wanted_.variables, is_last);
}

void state_replay::set_user_variables() {
  for (auto& statement : user_variable_settings(wanted_.user, statement_limit(fresh_))) {
    set(std::move(statement), "user variables");
  }
}

void state_replay::set_variables() {
  if (const auto changes = find_changes(wanted_, fresh_); !changes.empty()) set_all(changes);
  dialogue_.then([this] {
    std::string rest;
    if (wanted_.last_insert_id != fresh_.last_insert_id)
      rest += ", SESSION last_insert_id = " + std::to_string(wanted_.last_insert_id);
    // MySQL hides them: always 0.
    for (const auto* const name : {"rand_seed1", "rand_seed2"}) {
      const auto* const seed = tracked_ ? nullptr : find_variable(seeds_, name);
      if (seed != nullptr && (server_.is_mariadb || seed->value != "0"))
        rest.append(", ").append(system_assignment(*seed));
    }
    if (wanted_.fixed_timestamp != fresh_.fixed_timestamp)
      rest += ", SESSION timestamp = " + wanted_.fixed_timestamp.value_or("DEFAULT");
    if (!rest.empty()) set("SET" + rest.substr(1), "last_insert_id, timestamp, rand_seed");
  });
}

/// One statement for all; when it fails, one for each tells which it is.
void state_replay::set_all(const variables& changes) {
  ++replayed_;
  dialogue_.ask(set_statement(changes), [this, changes](const text_answer& answer) {
    if (answer.error) set_one_by_one(changes);
  });
}

void state_replay::set_one_by_one(const variables& changes) {
  for (const auto* const each : changes) {
    dialogue_.ask("SET " + system_assignment(*each), [this, each](const text_answer& answer) {
      if (!answer.error) return;
      if (answer.error->code == wrong_type && each->is_number)
        return set("SET " + system_assignment(*each, true), each->name);
      if (!server_.is_mariadb && is_server_wide(answer)) {
        not_the_sessions_.push_back(each->name);
        return;
      }
      dialogue_.fail(recovery_obstacle::replay_refused, each->name + ": " + answer.error->message);
    });
  }
}

void state_replay::verify() {
  std::vector<std::string> names;
  names.reserve(wanted_.user.size());
  for (const auto& each : wanted_.user) names.push_back(each.name);
  actual_questions_.open();
  actual_questions_.ask_place();
  actual_questions_.ask_variables();
  dialogue_.then([this, names = std::move(names)] {
    if (!tracked_) actual_user_variables_.ask(names, true);
  });
  dialogue_.then([this] {
    std::erase_if(wanted_.variables, [this](const system_variable& each) {
      return std::ranges::find(not_the_sessions_, each.name) != not_the_sessions_.end();
    });
    if (auto name = find_difference(wanted_, actual_))
      return dialogue_.fail(recovery_obstacle::state_differs, std::move(*name));
    finish();
  });
}

/// What the questions have changed, and their like: behind everything that is asked.
void state_replay::finish() {
  client_collation_ = wanted_.client_collation;
  results_collation_ = wanted_.results_collation;
  if (tracked_) take_tracked_names();
  find_collations();
}

/// They have been seen only as the client wrote them.
void state_replay::take_tracked_names() {
  using enum session::tracked_collation::origin;
  const auto& client = tracked_->variables->client;
  const auto& results = tracked_->variables->results;
  client_is_checked_ = client.from == login;
  client_name_ = client.name;
  results_name_ = results.name;
  if (results.from != login) results_collation_ = 0;
}

/// Only a collation that is not its character set's default has to be named.
void state_replay::find_collations() {
  if (!is_plain(client_collation_) || !is_plain(results_name_))
    return dialogue_.fail(recovery_obstacle::unknown_system_variable, "character_set_client");
  if (client_collation_.empty() && results_collation_ == 0) return set_names();
  std::string name = "COLLATION_NAME";
  std::string table = "COLLATIONS";
  constexpr std::uint32_t first_with_short_names = 101001;
  if (server_.is_mariadb && server_.number >= first_with_short_names) {
    name = "FULL_COLLATION_NAME";
    table = "COLLATION_CHARACTER_SET_APPLICABILITY";
  }
  dialogue_.ask(
      fmt::format("SELECT {0}, ID FROM information_schema.{1} WHERE IS_DEFAULT <> 'Yes' AND (ID = {2} OR {0} ="
                  " '{3}') LIMIT 2",
                  name, table, results_collation_, client_collation_),
      [this](const text_answer& answer) { take_collations(answer); });
}

void state_replay::take_collations(const text_answer& answer) {
  if (answer.error) return dialogue_.fail(recovery_obstacle::replay_refused, answer.error->message);
  for (const auto& row : answer.rows) {
    if (row.size() != 2) continue;
    if (row[0] == client_collation_) client_name_ = client_collation_;
    if (row[1] == std::to_string(results_collation_)) results_name_ = row[0].value_or("");
  }
  set_names();
}

const system_variable* state_replay::find_last(std::string_view name) const {
  const auto found = std::ranges::find(set_last_, name, &system_variable::name);
  return found == set_last_.end() ? nullptr : &*found;
}

/// Nothing else gives the two a collation that is not their character set's default.
void state_replay::set_names() {
  const auto& name = client_name_.empty() ? results_name_ : client_name_;
  const auto* const set = find_last(client_name_.empty() ? "character_set_results" : "character_set_client");
  if (name.empty() || set == nullptr || !set->value) return set_character_sets();
  ++replayed_;
  dialogue_.ask("SET NAMES " + *set->value + " COLLATE " + name, [this, set, name](const text_answer& answer) {
    if (!answer.error) {  // as for those that no client can have: utf16
      named_ = *set->value;
      names_ = name;
    }
    set_character_sets();
  });
}

void state_replay::set_character_sets() {
  session_snapshot sets;
  const auto add = [&](std::string_view variable, const std::string& collation) {
    const auto* const wanted = find_last(variable);
    if (wanted == nullptr || (!names_.empty() && names_ == collation && wanted->value == named_)) return;
    sets.variables.push_back(*wanted);
    sets.variables.back().always = wanted->always || !names_.empty();
  };
  add("character_set_client", client_name_);
  add("character_set_results", results_name_);
  set_together(find_changes(sets, actual_));
  actual_questions_.ask_client_collation();
  dialogue_.then([this] {
    if (client_is_checked_ && actual_.client_collation != client_collation_)
      return dialogue_.fail(recovery_obstacle::state_differs, "character_set_client");
    set_last();
  });
}

void state_replay::set_together(const variables& changes) {
  if (!changes.empty()) set(set_statement(changes), "the last variables");
}

void state_replay::set_last() {
  session_snapshot last;
  for (auto each : set_last_) {
    if (each.name == "character_set_client" || each.name == "character_set_results") continue;
    each.always = each.always || each.name == "collation_connection";
    last.variables.push_back(std::move(each));
  }
  set_together(find_changes(last, actual_));
  dialogue_.then([this] { check_last(); });
}

void state_replay::check_last() {
  std::string check = "SELECT LAST_INSERT_ID()";
  for (const auto& each : set_last_) check.append(", @@").append(each.name);
  dialogue_.ask(check + " LIMIT 1", [this](const text_answer& answer) {
    const auto width = set_last_.size() + 1;
    if (answer.error) return dialogue_.fail(recovery_obstacle::replay_refused, answer.error->message);
    if (answer.rows.empty() || answer.rows[0].size() != width || answer.columns.size() != width)
      return dialogue_.fail(recovery_obstacle::state_differs, "");
    for (std::size_t each = 0; each < set_last_.size(); ++each) {
      const auto& name = set_last_[each].name;
      const bool results = name == "character_set_results" && results_collation_ != 0;
      if (!is_equal(set_last_[each], answer.rows[0][each + 1]) ||
          (results && answer.columns[each + 1].collation != results_collation_))
        return dialogue_.fail(recovery_obstacle::state_differs, name);
    }
    set_literals();
  });
}

void state_replay::set_literals() {
  if (!tracked_) return;
  for (auto& statement : user_variable_statements(*tracked_)) set(std::move(statement), "user variables");
}

}  // namespace sessiongate::proxy
