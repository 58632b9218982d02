#include "proxy/state_replay.hpp"

#include "proxy/replay_statements.hpp"

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

}  // namespace

state_replay::state_replay(wanted_state wanted, server_version server, std::size_t size_max,
                           protocol::capabilities negotiated)
    : server_(server),
      size_max_(size_max),
      dialogue_(negotiated),
      fresh_questions_(dialogue_, fresh_, server_, size_max_),
      actual_questions_(dialogue_, actual_, server_, size_max_) {
  if (auto* const tracked = std::get_if<tracked_state>(&wanted))
    tracked_ = std::move(*tracked);
  else
    wanted_ = std::move(std::get<session_snapshot>(wanted));
  results_collation_ = wanted_.results_collation;
  fresh_questions_.open();
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
  std::string statement = "SET ";
  for (const auto* const each : changes) statement.append(system_assignment(*each)).append(", ");
  statement.resize(statement.size() - 2);
  ++replayed_;
  dialogue_.ask(std::move(statement), [this, changes](const text_answer& answer) {
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
    if (!tracked_) actual_questions_.ask_user_variables(names, true);
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

/// What prepare() has changed, and their like: behind everything that is asked. SET NAMES first, as nothing else gives
/// the results their collation.
void state_replay::finish() {
  if (tracked_) find_tracked_names();
  if (!names_collation_.empty()) return set_names();
  if (results_collation_ == 0) return set_last();
  std::string statement = "SELECT COLLATION_NAME FROM information_schema.COLLATIONS";
  constexpr std::uint32_t first_with_short_names = 101001;
  if (server_.is_mariadb && server_.number >= first_with_short_names)
    statement = "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY";
  statement += " WHERE ID = " + std::to_string(results_collation_) + " LIMIT 1";
  dialogue_.ask(std::move(statement), [this](const text_answer& answer) {
    if (!answer.error && !answer.rows.empty() && !answer.rows[0].empty())
      names_collation_ = answer.rows[0][0].value_or("");
    if (names_collation_.empty())
      set_last();
    else
      set_names();
  });
}

/// A connection's collation that was set together with the results' character set came from SET NAMES.
void state_replay::find_tracked_names() {
  const auto* const results = find_last("character_set_results");
  const auto* const collation = find_last("collation_connection");
  results_collation_ = results != nullptr && !results->always ? fresh_.results_collation : 0;
  const bool together = results != nullptr && results->always && results->value && collation != nullptr &&
                        collation->always && collation->value && collation->value->starts_with(*results->value + '_');
  if (together) names_collation_ = *collation->value;
}

const system_variable* state_replay::find_last(std::string_view name) const {
  const auto found = std::ranges::find(set_last_, name, &system_variable::name);
  return found == set_last_.end() ? nullptr : &*found;
}

void state_replay::set_names() {
  const auto character_set = names_collation_.substr(0, names_collation_.find('_'));
  ++replayed_;
  dialogue_.ask("SET NAMES " + character_set + " COLLATE " + names_collation_,
                [this, character_set](const text_answer& answer) {
                  if (!answer.error) named_ = character_set;  // not for those that no client can have: utf16
                  set_last();
                });
}

void state_replay::set_last() {
  session_snapshot last;
  for (auto each : set_last_) {
    const bool of_client = each.name == "character_set_client" || each.name == "character_set_results";
    const bool is_set = of_client && !named_.empty() && each.value == named_;
    each.always = each.always || (of_client && !named_.empty()) || each.name == "collation_connection";
    if (!is_set) last.variables.push_back(std::move(each));
  }
  if (const auto changes = find_changes(last, actual_); !changes.empty()) {
    std::string statement = "SET ";
    for (const auto* const each : changes) statement.append(system_assignment(*each)).append(", ");
    statement.resize(statement.size() - 2);
    set(std::move(statement), "the last variables");
  }
  check_last();
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
