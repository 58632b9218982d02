#include "session/session_state.hpp"

#include "session/recorded_session.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace sessiongate::session;
using enum state_part;
using knowledge = tracked_variable::knowledge;

namespace {

constexpr std::size_t limit = 3;

const tracked_variable& system_variable(const session_state& state, std::string_view name) {
  static tracked_snapshot kept;
  kept = state.variables();
  const auto* found = find_variable(kept->system, name);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("a session that sets nothing shares the empty snapshot and counts nothing") {
  const session_state state;
  CHECK(state.variables() == no_variables());
  for (const auto part : {hot_system_variables, system_variables, user_variables, last_insert_id, database}) {
    CHECK(state.versions().of(part) == 0);
  }
}

TEST_CASE("what the server reported at login is known and not changed") {
  session_state state;
  state.begin_with(std::make_shared<const tracked_variables>(
      tracked_variables{.system = {{"autocommit", "ON", knowledge::known, false}}, .user = {}}));
  CHECK_FALSE(system_variable(state, "autocommit").changed);
  CHECK(state.versions().of(hot_system_variables) == 0);
  state.set_system_variables({{"AUTOCOMMIT", "OFF"}});
  CHECK(system_variable(state, "autocommit").changed);
  CHECK(system_variable(state, "autocommit").value == "OFF");
  CHECK(state.variables()->system.size() == 1);
}

TEST_CASE("hot and cold system variables have counters of their own") {
  session_state state;
  state.set_system_variables({{"autocommit", "OFF"}, {"sql_mode", ""}, {"time_zone", "+01:00"}});
  CHECK(state.versions().of(hot_system_variables) == 1);
  CHECK(state.versions().of(system_variables) == 2);
  CHECK(state.versions().of(user_variables) == 0);
  state.set_system_variables({});
  CHECK(state.versions().of(system_variables) == 2);
}

TEST_CASE("user variables: values that are known, unknown and too long, and a limit") {
  session_state state;
  state.set_user_variables({{"b", "1"}, {"A", std::nullopt}, {"c", std::string(129, 'x')}}, limit);
  auto seen = state.variables();
  REQUIRE(seen->user.size() == 3);
  CHECK(seen->user[0].name == "A");  // without case
  CHECK(seen->user[0].known == knowledge::unknown);
  CHECK(seen->user[1].value == "1");
  CHECK(seen->user[2].known == knowledge::too_long);
  CHECK(seen->user[2].value.empty());
  CHECK_FALSE(seen->incomplete);
  CHECK(state.versions().of(user_variables) == 3);

  state.set_user_variables({{"B", "'two'"}, {"d", "4"}}, limit);
  seen = state.variables();
  CHECK(seen->user.size() == 3);
  CHECK(seen->incomplete);
  CHECK(find_variable(seen->user, "b")->value == "'two'");
  CHECK(find_variable(seen->user, "d") == nullptr);
  CHECK(state.versions().of(user_variables) == 5);
}

TEST_CASE("a name that is not ASCII may be another one's in other characters: then none is known for good") {
  session_state state;
  state.set_user_variables({{"\xC3\xBC", "1"}, {"u", "1"}}, limit);
  state.set_user_variables({{"\xC3\xBC", "2"}}, limit);
  auto seen = state.variables();
  CHECK(find_variable(seen->user, "\xC3\xBC")->literal_rules == seen->literal_rules);
  state.set_system_variables({{"character_set_client", "latin1"}});
  for (int turn = 0; turn < 2; ++turn) {
    state.set_user_variables({{"\xC3\xBC", "3"}, {"u", "3"}}, limit);
    seen = state.variables();
    CHECK(find_variable(seen->user, "\xC3\xBC")->literal_rules == tracked_variable::not_repeatable);
    CHECK(find_variable(seen->user, "u")->literal_rules == seen->literal_rules);
  }
}

TEST_CASE("last_insert_id counts when it changes") {
  session_state state;
  state.set_last_insert_id(7);
  state.set_last_insert_id(7);
  CHECK(state.last_insert_id() == 7);
  CHECK(state.versions().of(last_insert_id) == 1);
  state.set_last_insert_id(8);
  CHECK(state.versions().of(last_insert_id) == 2);
}

TEST_CASE("a reset forgets, and counts what went") {
  session_state state;
  state.set_system_variables({{"autocommit", "OFF"}, {"sql_mode", ""}});
  state.set_user_variables({{"a", "1"}, {"b", "2"}}, limit);
  state.set_last_insert_id(7);
  state.reset();
  CHECK(state.variables() == no_variables());
  CHECK(state.last_insert_id() == 0);
  CHECK(state.versions().of(hot_system_variables) == 2);
  CHECK(state.versions().of(system_variables) == 2);
  CHECK(state.versions().of(user_variables) == 4);
  CHECK(state.versions().of(last_insert_id) == 2);
}

TEST_CASE("the database's counter goes up with each other database, and to zero when it was dropped") {
  const auto session = test::make_session(1);
  const auto count = [&] { return session->tracked().versions().of(database); };
  session->publish_database("");
  CHECK(count() == 0);
  session->publish_database("one");
  session->publish_database("one");
  CHECK(count() == 1);
  session->publish_database("two");
  CHECK(count() == 2);
  session->publish_database("");
  CHECK(count() == 0);
  CHECK(session->database()->empty());
}

TEST_CASE("a server session takes over the counters it was brought to") {
  state_versions client;
  client.count(user_variables);
  client.count(user_variables);
  server_session server(1, std::make_shared<const endpoint>(), connection_origin{.connection_id = 42});
  CHECK(server.versions().of(user_variables) == 0);
  server.bring_to(client);
  CHECK(server.versions().of(user_variables) == 2);
  client.count(user_variables);
  CHECK(server.versions().of(user_variables) == 2);
}

TEST_CASE("a snapshot stays as it was while the worker goes on") {
  session_state state;
  std::atomic<bool> stop{false};
  std::atomic<bool> torn{false};
  std::thread reader([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const auto seen = state.variables();
      if (seen->user.empty()) continue;
      if (seen->user.size() != 2 || seen->user[0].value != seen->user[1].value) torn = true;
    }
  });
  for (int round = 0; round < 2000; ++round) {
    const auto value = std::to_string(round);
    state.set_user_variables({{"a", value}, {"b", value}}, limit);
  }
  stop = true;
  reader.join();
  CHECK_FALSE(torn);
}
