#include "proxy/tracked_state.hpp"

#include "session/session_state.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
using sessiongate::session::recovery_obstacle;
using sessiongate::session::session_state;

namespace {

std::shared_ptr<const global_variables> globals(global_variables others = {}) {
  global_variables all{{"init_connect", ""},
                       {"sql_mode", "ANSI"},
                       {"sort_buffer_size", "1024"},
                       {"wait_timeout", "28800"},
                       {"interactive_timeout", "28800"},
                       {"collation_server", "latin1_swedish_ci"}};
  for (auto& [name, value] : others) all[name] = value;
  return std::make_shared<const global_variables>(std::move(all));
}

session_snapshot fresh_session() {
  session_snapshot fresh;
  fresh.variables = {{"autocommit", "ON"},
                     {"character_set_client", "utf8mb4"},
                     {"character_set_connection", "utf8mb4"},
                     {"character_set_results", "utf8mb4"},
                     {"collation_connection", "utf8mb4_unicode_ci"},
                     {"default_storage_engine", "InnoDB"},
                     {"sort_buffer_size", "1024", true},
                     {"sql_mode", "ANSI"},
                     {"storage_engine", "InnoDB"},
                     {"tx_isolation", "REPEATABLE-READ"},
                     {"wait_timeout", "28800", true}};
  return fresh;
}

tracked_state state_of(const session_state& session) {
  tracked_state made;
  made.variables = session.variables();
  made.globals_before = globals();
  made.globals_now = globals();
  return made;
}

std::string value_of(const tracked_wanted& made, std::string_view name) {
  const auto* const found = find_variable(made.wanted, name);
  return found == nullptr ? "-" : found->value.value_or("NULL") + (found->always ? "!" : "");
}

std::string obstacle_in(const recovery_failure& failure) {
  return std::string(to_text(failure.obstacle)) + (failure.detail.empty() ? "" : " " + failure.detail);
}

}  // namespace

TEST_CASE("tracked state: an untouched session is wanted as the fresh one is") {
  const session_state session;
  const auto made = make_wanted(state_of(session), fresh_session());
  CHECK(obstacle_in(made.failure) == "none");
  CHECK(find_difference(made.wanted, fresh_session()) == std::optional<std::string>());
  CHECK((made.wanted.unanswerable & hazard::reads_warnings) != 0);
}

TEST_CASE("tracked state: what was set is wanted, and set even where it is equal") {
  session_state session;
  session.set_system_variables({{"sql_mode", ""}, {"autocommit", "OFF"}, {"sort_buffer_size", "1024"}});
  session.set_user_variables({{"a", "1"}, {"b", "'x'"}}, 10);
  auto from = state_of(session);
  from.database = "shop";
  from.last_insert_id = 5;
  const auto made = make_wanted(from, fresh_session());
  CHECK(obstacle_in(made.failure) == "none");
  CHECK(value_of(made, "sql_mode") == "!");
  CHECK(value_of(made, "autocommit") == "OFF!");
  CHECK(value_of(made, "sort_buffer_size") == "1024!");
  CHECK(made.wanted.database == "shop");
  CHECK(made.wanted.last_insert_id == 5);
  CHECK(made.wanted.user.empty());
  CHECK(user_variable_statements(from) == std::vector<std::string>{"SET @`a` = 1, @`b` = 'x'"});
}

TEST_CASE("tracked state: a server whose settings have changed since") {
  const session_state session;
  auto from = state_of(session);
  from.globals_now = globals({{"sort_buffer_size", "2048"}});
  auto fresh = fresh_session();
  fresh.variables[6].value = "2048";
  CHECK(value_of(make_wanted(from, fresh), "sort_buffer_size") == "1024");

  from.globals_now = globals({{"interactive_timeout", "5"}});
  CHECK(obstacle_in(make_wanted(from, fresh_session()).failure) == "unknown_system_variable wait_timeout");
  from.globals_now = globals({{"init_connect", "SET @a = 1"}});
  CHECK(obstacle_in(make_wanted(from, fresh_session()).failure) == "unknown_system_variable init_connect");
  from.globals_before = from.globals_now;
  CHECK(obstacle_in(make_wanted(from, fresh_session()).failure) == "none");
  from.globals_now = globals({{"init_connect", "SET @a = 1"}, {"sort_buffer_size", "2048"}});
  CHECK(obstacle_in(make_wanted(from, fresh).failure) == "unknown_system_variable sort_buffer_size");
}

TEST_CASE("tracked state: a setting that the session made itself does not depend on the server's") {
  session_state session;
  session.set_system_variables({{"wait_timeout", "60"}});
  auto from = state_of(session);
  from.globals_now = globals({{"interactive_timeout", "5"}});
  const auto made = make_wanted(from, fresh_session());
  CHECK(obstacle_in(made.failure) == "none");
  CHECK(value_of(made, "wait_timeout") == "60!");
}

TEST_CASE("tracked state: the collation of the client's character set") {
  auto fresh = fresh_session();
  fresh.client_collation = "utf8mb4_unicode_ci";
  session_state session;
  session.set_system_variables({{"character_set_connection", "latin1"}});
  CHECK(make_wanted(state_of(session), fresh).wanted.client_collation == "utf8mb4_unicode_ci");
  session.set_system_variables({{"character_set_client", "utf8mb4"}});
  CHECK(make_wanted(state_of(session), fresh).wanted.client_collation.empty());
  session.set_names_collation("utf8mb4_bin");
  CHECK(make_wanted(state_of(session), fresh).wanted.client_collation == "utf8mb4_bin");
  session.set_names_collation(std::nullopt);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_system_variable character_set_client");
  session.set_system_variables({{"character_set_client", "utf8mb4"}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_system_variable character_set_client");
  session.set_system_variables({{"Character_Set_Results", "utf8mb4"}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");
}

TEST_CASE("tracked state: what is not known is named") {
  session_state session;
  session.set_system_variables({{"sql_mode", std::nullopt}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_system_variable sql_mode");
  session_state with_user;
  with_user.set_user_variables({{"a", std::nullopt}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(with_user))) == "unknown_user_variable @a");
  session_state long_value;
  long_value.set_user_variables({{"a", std::string(500, '1')}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(long_value))) == "unknown_user_variable @a");
  session_state many;
  many.set_user_variables({{"a", "1"}, {"b", "1"}}, 1);
  CHECK(obstacle_in(find_obstacle(state_of(many))) == "unknown_user_variable");
  session_state odd_name;
  odd_name.set_user_variables({{"a``b", "1"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(odd_name))) == "unknown_user_variable @a``b");

  session_state other_letters;
  other_letters.set_user_variables({{"\xC3\xBC", "5"}, {"plain", "5"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(other_letters))) == "none");
  other_letters.set_system_variables({{"character_set_client", "koi8r"}});
  CHECK(obstacle_in(find_obstacle(state_of(other_letters))) == "unknown_user_variable @\xC3\xBC");

  const session_state untouched;
  auto from = state_of(untouched);
  from.seen = hazard::named_lock;
  CHECK(obstacle_in(find_obstacle(from)) == "named_locks");
  from = state_of(untouched);
  from.globals_before.reset();
  CHECK(obstacle_in(find_obstacle(from)) == "hidden_changes");
  from = state_of(untouched);
  from.last_insert_id.reset();
  CHECK(obstacle_in(find_obstacle(from)) == "last_insert_id");
}

TEST_CASE("tracked state: a text is known as long as its literal means the same") {
  session_state session;
  session.set_system_variables({{"character_set_client", "utf8mb4"}, {"character_set_connection", "utf8mb4"}});
  session.set_user_variables({{"a", "'x'"}, {"n", "5"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");
  session.set_system_variables({{"character_set_client", "utf8mb4"}, {"character_set_connection", "utf8mb4"}});
  session.set_system_variables({{"sort_buffer_size", "5"}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");  // the same again
  session.set_system_variables({{"sql_mode", "NO_BACKSLASH_ESCAPES"}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_user_variable @a");
  session.set_user_variables({{"a", "\"y\""}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");
  session.set_system_variables({{"collation_connection", "utf8mb4_bin"}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_user_variable @a");
}

TEST_CASE("tracked state: NULL for a variable that had another type") {
  session_state session;
  session.set_user_variables({{"a", "NULL"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");
  session.set_user_variables({{"a", "1"}}, 10);
  session.set_user_variables({{"A", "null"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_user_variable @A");
  session.set_user_variables({{"a", "2"}}, 10);
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "none");
}

TEST_CASE("tracked state: the connection's character set and its collation") {
  session_state session;
  session.set_system_variables({{"character_set_connection", "utf8mb4"}});
  auto made = make_wanted(state_of(session), fresh_session());
  CHECK(value_of(made, "character_set_connection") == "utf8mb4!");
  CHECK(value_of(made, "collation_connection") == "-");  // its default, which comes with it

  session.set_system_variables({{"collation_connection", "latin1_bin"}});
  made = make_wanted(state_of(session), fresh_session());
  CHECK(value_of(made, "character_set_connection") == "-");
  CHECK(value_of(made, "collation_connection") == "latin1_bin!");

  session.set_system_variables({{"character_set_connection", "latin1"}});
  made = make_wanted(state_of(session), fresh_session());
  CHECK(value_of(made, "character_set_connection") == "latin1!");
  CHECK(value_of(made, "collation_connection") == "-");

  session.set_system_variables({{"collation_connection", std::nullopt}});
  CHECK(obstacle_in(find_obstacle(state_of(session))) == "unknown_system_variable character_set_connection");
}

TEST_CASE("tracked state: variables with two names") {
  session_state session;
  session.set_system_variables({{"default_storage_engine", "MyISAM"}});
  const auto made = make_wanted(state_of(session), fresh_session());
  CHECK(value_of(made, "default_storage_engine") == "MyISAM!");
  CHECK(value_of(made, "storage_engine") == "-");
  session.set_system_variables({{"storage_engine", "Aria"}});
  CHECK(obstacle_in(make_wanted(state_of(session), fresh_session()).failure) ==
        "unknown_system_variable storage_engine");
}

TEST_CASE("tracked state: character_set_results may be NULL") {
  session_state session;
  session.set_system_variables({{"character_set_results", ""}});
  CHECK(value_of(make_wanted(state_of(session), fresh_session()), "character_set_results") == "NULL!");
}
