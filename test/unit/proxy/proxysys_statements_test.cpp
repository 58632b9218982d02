// What clients send by themselves when they start, as they send it.
#include "proxy/proxysys_statements.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

const builtin_context context{"10.11.6-MariaDB", 1073741830};

bool is_ok(std::string_view text) {
  return std::holds_alternative<builtin_ok>(answer_builtin(text, context));
}
bool is_unknown(std::string_view text) {
  return std::holds_alternative<builtin_unknown>(answer_builtin(text, context));
}

builtin_rows rows_of(std::string_view text) {
  INFO(text);
  auto answer = answer_builtin(text, context);
  REQUIRE(std::holds_alternative<builtin_rows>(answer));
  auto rows = std::get<builtin_rows>(std::move(answer));
  for (const auto& row : rows.rows) CHECK(row.size() == rows.columns.size());
  return rows;
}

/// The only cell of an answer with one row and one column.
std::string value_of(std::string_view text) {
  const auto rows = rows_of(text);
  REQUIRE(rows.columns.size() == 1);
  REQUIRE(rows.rows.size() == 1);
  const auto& cell = rows.rows.front().front();
  return std::holds_alternative<std::string>(cell) ? std::get<std::string>(cell) : "NULL";
}

}  // namespace

TEST_CASE("the mariadb and mysql command-line clients start") {
  CHECK(value_of("select @@version_comment limit 1") == "sessiongate");
  CHECK(value_of("select USER()") == "root@proxysys");
  CHECK(value_of("SELECT DATABASE()") == "NULL");
  const auto status = rows_of("select DATABASE(), USER() limit 1");
  CHECK(status.columns.size() == 2);
  CHECK(rows_of("show databases").rows.empty());
  CHECK(rows_of("SHOW WARNINGS").columns.size() == 3);
  CHECK(rows_of("select @@character_set_client, @@character_set_connection, @@character_set_server, "
                "@@character_set_database limit 1")
            .columns.size() == 4);
}

TEST_CASE("PyMySQL starts") {
  CHECK(is_ok("SET NAMES utf8mb4"));
  CHECK(is_ok("SET AUTOCOMMIT = 0"));
  CHECK(is_ok("COMMIT"));
  CHECK(is_ok("ROLLBACK"));
  CHECK(is_ok("BEGIN"));
}

TEST_CASE("mysql2 for Node works: it starts without a statement") {
  CHECK(is_ok("START TRANSACTION"));
  CHECK(is_ok("COMMIT"));
  CHECK(value_of("SELECT 1") == "1");
  CHECK(value_of("SELECT CONNECTION_ID()") == "1073741830");
}

TEST_CASE("mysql-connector-python starts") {
  CHECK(is_ok("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_0900_ai_ci'"));
  CHECK(is_ok("SET @@session.autocommit = OFF"));
}

TEST_CASE("Connector/J starts") {
  const auto rows = rows_of(
      "/* mysql-connector-j-8.0.33 (Revision: 7d6b0800528b6b25c68b52dc10d6c1c8429c100c) */SELECT  "
      "@@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS "
      "character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS "
      "character_set_results, @@character_set_server AS character_set_server, @@collation_server AS "
      "collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, "
      "@@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS "
      "lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS "
      "net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, "
      "@@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS "
      "transaction_isolation, @@wait_timeout AS wait_timeout");
  REQUIRE(rows.columns.size() == 19);
  CHECK(rows.columns.front().name == "auto_increment_increment");
  CHECK(rows.columns.back().name == "wait_timeout");
  CHECK(std::get<std::string>(rows.rows.front().back()) == "28800");
  CHECK(is_ok("SET character_set_results = NULL"));
  CHECK(is_ok("/* a comment */ SET autocommit=1;"));
  CHECK(value_of("select @@session.transaction_read_only") == "0");
  CHECK(value_of("/* ping */ SELECT 1") == "1");
}

TEST_CASE("a column is named by its alias, else as it was written") {
  CHECK(rows_of("SELECT @@Version_Comment").columns.front().name == "@@Version_Comment");
  CHECK(rows_of("SELECT @@version_comment AS Comment").columns.front().name == "Comment");
}

TEST_CASE("the version is the backend's") {
  CHECK(value_of("select @@version") == "10.11.6-MariaDB");
  CHECK(value_of("SELECT VERSION()") == "10.11.6-MariaDB");
  CHECK(value_of("select @@global.version;") == "10.11.6-MariaDB");
}

TEST_CASE("all variables can be listed, and asked for one by one") {
  const auto all = rows_of("SHOW VARIABLES");
  CHECK(all.rows.size() > 20);
  for (const auto& row : all.rows) {
    const auto& name = std::get<std::string>(row.front());
    INFO(name);
    CHECK(value_of("SELECT @@" + name) == std::get<std::string>(row.back()));
    CHECK(value_of("SELECT @@session." + name) == std::get<std::string>(row.back()));
  }
  CHECK(rows_of("SHOW SESSION VARIABLES").rows.size() == all.rows.size());
}

TEST_CASE("variables can be picked, in the ways that clients write it") {
  const auto names = [](std::string_view text) {
    std::string all;
    for (const auto& row : rows_of(text).rows) all += std::get<std::string>(row.front()) + ' ';
    return all;
  };
  CHECK(names("SHOW VARIABLES LIKE 'sql_mode'") == "sql_mode ");
  CHECK(names("SHOW SESSION VARIABLES LIKE 'LOWER_CASE_TABLE_NAMES'") == "lower_case_table_names ");
  CHECK(names("SHOW VARIABLES LIKE 'collation\\_%'") == "collation_connection collation_database collation_server ");
  CHECK(names("SHOW VARIABLES WHERE Variable_name IN ('time_zone', 'version')") == "time_zone version ");
  CHECK(names("SHOW VARIABLES WHERE Variable_name ='language' OR Variable_name = 'wait_timeout'") == "wait_timeout ");
  CHECK(names("SHOW VARIABLES LIKE 'aurora_version'").empty());
}

TEST_CASE("Workbench, DBeaver and HeidiSQL connect") {
  CHECK(is_ok("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  CHECK(is_ok("/*!40101 SET NAMES utf8mb4 */;"));
  CHECK(is_ok("SET SQL_SAFE_UPDATES=1"));
  CHECK(rows_of("SHOW SESSION STATUS LIKE 'Ssl_cipher'").rows.size() >= 1);
  CHECK(rows_of("SHOW /*!50002 GLOBAL */ STATUS").columns.size() == 2);
  CHECK(rows_of("SHOW ENGINES").columns.size() == 6);
  CHECK(rows_of("SHOW PLUGINS").columns.size() == 5);
  CHECK(rows_of("SHOW COLLATION").columns.size() == 6);
  CHECK(rows_of("show character set where charset = 'utf8mb4'").rows.size() == 1);
  CHECK(value_of("SELECT current_user()") == "root@proxysys");
  CHECK(value_of("SELECT 'keep alive'") == "keep alive");
  CHECK(value_of("SELECT NOW()").size() == 19);
  CHECK(value_of("SELECT UNIX_TIMESTAMP()").size() == 10);
  CHECK(rows_of("SELECT TIMEDIFF(NOW(), UTC_TIMESTAMP()), @@sql_mode").columns.size() == 2);
}

TEST_CASE("everything else is unknown") {
  for (const std::string_view text :
       {"", ";", "/* open", "INSERT INTO t VALUES (1)", "SELECT", "SELECT * FROM t", "SELECT @@no_such_variable",
        "SELECT 1 FROM t", "SELECT SLEEP(1)", "SHOW TABLES", "SHOW", "settle", "DROP DATABASE demo", "SELECT $$"}) {
    INFO(text);
    CHECK(is_unknown(text));
  }
}
