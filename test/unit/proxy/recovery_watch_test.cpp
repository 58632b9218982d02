#include "proxy/recovery_watch.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace sessiongate::proxy {
namespace {

using protocol::command;
using session::recovery_obstacle;

constexpr std::size_t size_max = 1000;

/// A session that is watched: commands get places as the tracker's queue gives them.
class watched_session {
 public:
  recovery_watch watch{protocol::handshake_response{
                           .user = "app", .auth_response = {}, .database = "shop", .auth_plugin = {}, .attributes = {}},
                       0, size_max};

  void query(std::string_view text) {
    watch.begin_query(text, true);
    end(command::query);
  }
  void prepare(std::string_view text, std::uint32_t server_id, std::uint16_t parameters = 0) {
    watch.begin_prepare(text, true, {std::make_shared<const std::string>("shop"), session::no_variables()}, ++place_);
    watch.end_response({.answered = command::stmt_prepare,
                        .place = place_,
                        .prepared_id = server_id,
                        .prepared_parameters = parameters});
  }
  void command_about(command type, std::uint32_t id, std::vector<std::uint8_t> rest = {}) {
    protocol::bytes payload{static_cast<std::uint8_t>(type)};
    for (std::size_t each = 0; each < 4; ++each) payload.push_back(static_cast<std::uint8_t>(id >> (8 * each)));
    payload.insert(payload.end(), rest.begin(), rest.end());
    begin(type, payload);
  }
  void begin(command type, const protocol::bytes& payload) {
    watch.begin_command({.what = protocol::command_framer::kind::command,
                         .size = payload.size() + protocol::packet_header_size,
                         .type = type,
                         .sequence_id = 0,
                         .payload = payload},
                        std::nullopt, ++place_);
  }
  void end(command type, std::uint16_t error = 0, protocol::status_flags status = 0) {
    watch.end_response({.answered = type, .place = place_, .error = error, .status = status});
  }

 private:
  std::uint8_t place_ = 0;
};

TEST_CASE("a session that only asks can have another server session") {
  watched_session session;
  session.query("SELECT * FROM orders WHERE id = 7");
  session.query("SET @answer = 42");
  CHECK(session.watch.obstacle() == recovery_obstacle::none);
  CHECK(session.watch.certain_obstacle() == recovery_obstacle::none);
}

TEST_CASE("what a statement may have done counts until the session is reset") {
  watched_session session;
  session.query("CREATE TEMPORARY TABLE t (i INT)");
  CHECK(session.watch.obstacle() == recovery_obstacle::temporary_tables);
  CHECK(session.watch.certain_obstacle() == recovery_obstacle::none);  // the server knows whether it still is there
  session.query("SELECT 1");
  CHECK(session.watch.obstacle() == recovery_obstacle::temporary_tables);
  CHECK(session.watch.began_with() == recovery_watch::beginning::login);
  session.begin(command::reset_connection, {0x1F});
  session.end(command::reset_connection);
  CHECK(session.watch.obstacle() == recovery_obstacle::none);
  CHECK(session.watch.began_with() == recovery_watch::beginning::reset);
}

TEST_CASE("a reset that failed resets nothing") {
  watched_session session;
  session.query("SELECT GET_LOCK('a', 1)");
  session.begin(command::reset_connection, {0x1F});
  session.end(command::reset_connection, 1047);
  CHECK(session.watch.obstacle() == recovery_obstacle::named_locks);
}

TEST_CASE("COM_CHANGE_USER makes it another account's session") {
  watched_session session;
  session.query("CREATE TEMPORARY TABLE t (i INT)");
  session.watch.begin_change_user(
      {.user = "other", .auth_response = {}, .database = "stock", .collation = 33, .auth_plugin = {}, .attributes = {}},
      false);
  SECTION("that succeeds") {
    session.end(command::change_user);
    CHECK(session.watch.login().user == "other");
    CHECK(session.watch.login().database == "stock");
    CHECK(session.watch.login().collation == 33);
    CHECK(session.watch.began_with() == recovery_watch::beginning::change_user);
    CHECK(session.watch.obstacle() == recovery_obstacle::none);
  }
  SECTION("that fails") {
    session.end(command::change_user, 1045);
    CHECK(session.watch.login().user == "app");
    CHECK(session.watch.obstacle() == recovery_obstacle::temporary_tables);
  }
}

TEST_CASE("a reset keeps the role, a change of user does when the server says so") {
  const bool keeps = GENERATE(true, false);
  watched_session session;
  session.query("SET ROLE auditor");
  session.begin(command::reset_connection, {0x1F});
  session.end(command::reset_connection);
  CHECK(session.watch.obstacle() == recovery_obstacle::unknown_system_variable);
  session.watch.begin_change_user(
      {.user = "app", .auth_response = {}, .database = {}, .collation = 33, .auth_plugin = {}, .attributes = {}},
      keeps);
  session.end(command::change_user);
  CHECK(session.watch.obstacle() == (keeps ? recovery_obstacle::unknown_system_variable : recovery_obstacle::none));
}

TEST_CASE("what the server says of the role counts more than what statements may have done") {
  watched_session session;
  CHECK_FALSE(session.watch.may_have_set_role());
  session.query(GENERATE("SET ROLE auditor", "CALL anything()"));
  CHECK(session.watch.may_have_set_role());
  const bool has_one = GENERATE(true, false);
  session.watch.note_role(has_one);
  session.begin(command::reset_connection, {0x1F});
  session.end(command::reset_connection);
  CHECK(session.watch.obstacle() == (has_one ? recovery_obstacle::unknown_system_variable : recovery_obstacle::none));
}

TEST_CASE("what a session begins with is what the server gave at its login, or at the last reset") {
  watched_session session;
  const auto login = session.watch.logged_in_at();
  session.query("SELECT 1");
  CHECK(session.watch.logged_in_at() == login);
  std::this_thread::sleep_for(std::chrono::microseconds(1));
  session.begin(command::reset_connection, {0x1F});
  session.end(command::reset_connection);
  CHECK(session.watch.logged_in_at() > login);
}

TEST_CASE("what may have changed a setting unseen is counted, for statements that were prepared before it") {
  watched_session session;
  session.query("SELECT 1");
  session.prepare("SELECT ?", 1, 1);
  session.prepare("SET sql_mode = ?", 2, 1);
  CHECK(session.watch.unseen_changes() == 0);
  session.query("/*M!100100 SET sql_mode = 'ANSI' */");
  CHECK(session.watch.unseen_changes() == 1);
  session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0, 0, 0});
  CHECK(session.watch.unseen_changes() == 1);
  session.command_about(command::stmt_execute, 2, {0, 1, 0, 0, 0, 0, 0});
  CHECK(session.watch.unseen_changes() == 2);
}

TEST_CASE("an open cursor is in the way until its rows are fetched, or it is closed") {
  watched_session session;
  session.prepare("SELECT * FROM orders", 1);
  session.command_about(command::stmt_execute, 1, {0x01, 1, 0, 0, 0});
  session.end(command::stmt_execute, 0, protocol::status_cursor_exists);
  REQUIRE(session.watch.obstacle() == recovery_obstacle::open_cursor);
  CHECK(session.watch.certain_obstacle() == recovery_obstacle::open_cursor);
  SECTION("fetched") {
    session.command_about(command::stmt_fetch, 1, {10, 0, 0, 0});
    session.end(command::stmt_fetch, 0, protocol::status_cursor_exists);
    CHECK(session.watch.obstacle() == recovery_obstacle::open_cursor);
    session.command_about(command::stmt_fetch, 1, {10, 0, 0, 0});
    session.end(command::stmt_fetch, 0, protocol::status_last_row_sent);
  }
  SECTION("the statement is reset") {
    session.command_about(command::stmt_reset, 1);
  }
  SECTION("the statement is closed") {
    session.command_about(command::stmt_close, 1);
  }
  SECTION("the statement is executed anew") {
    session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0});
  }
  CHECK(session.watch.obstacle() == recovery_obstacle::none);
}

TEST_CASE("long data is in the way until it is used") {
  watched_session session;
  session.prepare("INSERT INTO files VALUES (?)", 1);
  session.command_about(command::stmt_send_long_data, 1, {0, 0, 'x'});
  CHECK(session.watch.obstacle() == recovery_obstacle::long_data);
  session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0});
  CHECK(session.watch.obstacle() == recovery_obstacle::none);
}

TEST_CASE("prepared statements are kept up to a limit") {
  watched_session session;
  session.prepare("SELECT ?", 1);
  session.prepare("SELECT broken", 0);
  REQUIRE(session.watch.prepared().all().size() == 1);
  CHECK(session.watch.prepared().all().at(1).text == "SELECT ?");
  session.prepare(std::string(size_max, ' ') + "SELECT ?", 2);
  CHECK(session.watch.certain_obstacle() == recovery_obstacle::state_too_large);
}

TEST_CASE("the types of parameters are remembered, for a server that has not been told them") {
  watched_session session;
  session.prepare("SELECT ?", 1, 1);
  session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0, 0, 1, 0x08, 0, 7, 0, 0, 0, 0, 0, 0, 0});
  auto& statement = *session.watch.prepared().find(1);
  CHECK(statement.types == protocol::bytes{0x08, 0});
  CHECK_FALSE(statement.types_missing);
  session.watch.prepared().moved(1, 9);
  CHECK(statement.types_missing);
  session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0});
  CHECK(statement.types_missing);
  session.command_about(command::stmt_execute, 1, {0, 1, 0, 0, 0, 0, 1, 0x03, 0, 7, 0, 0, 0});
  CHECK(statement.types == protocol::bytes{0x03, 0});
  CHECK_FALSE(statement.types_missing);
}

TEST_CASE("a replica's session cannot be moved") {
  watched_session session;
  session.begin(command::register_slave, {0x15, 0, 0, 0, 0});
  CHECK(session.watch.certain_obstacle() == recovery_obstacle::replication);
}

TEST_CASE("COM_SET_OPTION counts when the server has taken it") {
  watched_session session;
  session.begin(command::set_option, {0x1B, 0, 0});
  session.end(command::set_option, 1047);
  CHECK_FALSE(session.watch.option());
  session.begin(command::set_option, {0x1B, 1, 0});
  session.end(command::set_option);
  CHECK(session.watch.option() == 1);
}

TEST_CASE("what the server session before knew alone is asked for in vain") {
  watched_session session;
  session.watch.end_response({.answered = command::query, .has_insert_id = true});
  CHECK_FALSE(session.watch.has_gaps());
  session.watch.recovered(session.watch.gaps_when_lost());
  CHECK(session.watch.gap_in("SHOW WARNINGS") == recovery_obstacle::diagnostics);
  CHECK(session.watch.gap_in("SELECT ROW_COUNT()") == recovery_obstacle::diagnostics);
  CHECK(session.watch.gap_in("SELECT LAST_INSERT_ID()") == recovery_obstacle::last_insert_id);
  CHECK(session.watch.gap_in("SELECT FOUND_ROWS()") == recovery_obstacle::diagnostics);
  session.query("SELECT 1");  // without a table: the warnings before it are still shown
  CHECK(session.watch.gap_in("SHOW WARNINGS") == recovery_obstacle::diagnostics);
  CHECK(session.watch.gap_in("SELECT ROW_COUNT()") == recovery_obstacle::none);
  CHECK(session.watch.gap_in("SELECT FOUND_ROWS()") == recovery_obstacle::none);
  session.query("DELETE FROM t");
  CHECK(session.watch.gap_in("SHOW WARNINGS") == recovery_obstacle::none);
  // An OK packet with an id may tell an explicit one.
  session.watch.end_response({.answered = command::query, .has_insert_id = true});
  CHECK(session.watch.gap_in("SELECT LAST_INSERT_ID()") == recovery_obstacle::last_insert_id);
}

TEST_CASE("SET TRANSACTION is over when its transaction begins") {
  watched_session session;
  session.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
  CHECK(session.watch.obstacle() == recovery_obstacle::next_transaction);
  session.query("START TRANSACTION");
  CHECK(session.watch.obstacle() == recovery_obstacle::none);
  session.query("BEGIN; COMMIT; SET TRANSACTION READ ONLY");
  CHECK(session.watch.obstacle() == recovery_obstacle::next_transaction);
}

TEST_CASE("FOUND_ROWS() outlives what is no SELECT") {
  watched_session session;
  session.watch.recovered(session.watch.gaps_when_lost());
  session.query("INSERT INTO t VALUES (1)");
  CHECK(session.watch.gap_in("SELECT FOUND_ROWS()") == recovery_obstacle::diagnostics);
  CHECK(session.watch.gap_in("SHOW WARNINGS") == recovery_obstacle::none);
}

TEST_CASE("a session that never inserted knows its LAST_INSERT_ID") {
  watched_session session;
  session.watch.recovered(session.watch.gaps_when_lost());
  CHECK(session.watch.gap_in("SELECT LAST_INSERT_ID()") == recovery_obstacle::none);
}

}  // namespace
}  // namespace sessiongate::proxy
