#include "proxy/statement_hazards.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <utility>

using namespace sessiongate::proxy;
using sessiongate::session::recovery_obstacle;

namespace {

constexpr std::array<std::pair<statement_hazards, const char*>, 20> names{{
    {hazard::hidden, "hidden"},
    {hazard::user_variable, "user_variable"},
    {hazard::temporary_table, "temporary_table"},
    {hazard::table_lock, "table_lock"},
    {hazard::named_lock, "named_lock"},
    {hazard::handler, "handler"},
    {hazard::xa, "xa"},
    {hazard::text_prepared, "text_prepared"},
    {hazard::last_insert_id, "last_insert_id"},
    {hazard::sequence, "sequence"},
    {hazard::next_transaction, "next_transaction"},
    {hazard::role, "role"},
    {hazard::one_shot, "one_shot"},
    {hazard::status_reset, "status_reset"},
    {hazard::reads_warnings, "reads_warnings"},
    {hazard::reads_row_count, "reads_row_count"},
    {hazard::reads_found_rows, "reads_found_rows"},
    {hazard::reads_profile, "reads_profile"},
    {hazard::reads_sequence, "reads_sequence"},
    {hazard::reads_last_insert_id, "reads_last_insert_id"},
}};

std::string describe(statement_hazards found) {
  std::string out;
  for (const auto& [bit, name] : names) {
    if ((found & bit) == 0) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

std::string read(std::string_view text) {
  return describe(find_hazards(text, true));
}

}  // namespace

TEST_CASE("statement hazards: ordinary statements have none") {
  CHECK(read("SELECT id, name FROM users WHERE id = 1 AND x > 1.5e-3").empty());
  CHECK(read("select @a, @@sql_mode, t.next, v FROM t -- GET_LOCK('a', 1)").empty());
  CHECK(read("SELECT 'CALL p(); GET_LOCK(1)', \"@a := 1\", `LAST_INSERT_ID(5)` /* /*! */").empty());
  CHECK(read("INSERT INTO t (a, b) VALUES (@a, 'it''s'), ('it\\'s', \"a\"), (NULL, 'x@y')").empty());
  CHECK(read("UPDATE t SET a = a + 1, lock_time = NOW() WHERE b IN (1, 2)").empty());
  CHECK(read("DELETE FROM t LIMIT 1;").empty());
  CHECK(read("BEGIN").empty());
  CHECK(read("begin work; ").empty());
  CHECK(read("START TRANSACTION READ ONLY").empty());
  CHECK(read("COMMIT; ROLLBACK;SAVEPOINT a ; RELEASE SAVEPOINT a").empty());
  CHECK(read("(SELECT 1) UNION (SELECT 2)").empty());
  CHECK(read("WITH a AS (SELECT 1) SELECT * FROM a").empty());
  CHECK(read("CREATE TABLE t (a INT, temporary INT)").empty());
  CHECK(read("CREATE OR REPLACE TABLE t (a INT)").empty());
  CHECK(read("DROP TABLE IF EXISTS t").empty());
  CHECK(read("FLUSH PRIVILEGES").empty());
  CHECK(read("LOAD DATA LOCAL INFILE 'x@y' INTO TABLE t").empty());
  CHECK(read("SELECT 1 INTO OUTFILE '/tmp/x'").empty());
  CHECK(read("FETCH").size() > 0);
  CHECK(read("").empty());
  CHECK(read(" /* nothing */ ;; ").empty());
  CHECK(read("SELECT IS_USED_LOCK('a'), IS_FREE_LOCK('a')").empty());
}

TEST_CASE("statement hazards: SET that the proxy understands has none") {
  CHECK(read("SET @a = 1, @b := 'x', @c = NULL").empty());
  CHECK(read("SET autocommit = 0, SESSION sql_mode = 'ANSI'").empty());
  CHECK(read("SET NAMES utf8mb4").empty());
  CHECK(read("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY").empty());
  CHECK(read("SET tx_isolation = 'SERIALIZABLE', @@session.tx_read_only = 1").empty());
  CHECK(read("SET GLOBAL max_connections = 5").empty());
  CHECK(read("SET autocommit=1; SET @a=1; SELECT 1").empty());
}

TEST_CASE("statement hazards: user variables") {
  CHECK(read("SELECT @a := 1") == "user_variable");
  CHECK(read("SELECT @a/**/:=/**/1") == "user_variable");
  CHECK(read("SELECT a INTO @a FROM t") == "user_variable");
  CHECK(read("SELECT a INTO /* x */ /* y */ -- z\n @a FROM t") == "user_variable");
  CHECK(read("SELECT a FROM t INTO@`a b`") == "user_variable");
  CHECK(read("LOAD DATA INFILE 'x' INTO TABLE t (a, @v) SET b = @v + 1") == "user_variable");
  CHECK(read("GET DIAGNOSTICS @n = NUMBER") == "user_variable reads_warnings");
  CHECK(read("SET @a = @b") == "user_variable");
  CHECK(read("SET @a = 1 + 1") == "user_variable");
  CHECK(read("SET sql_mode = (SELECT @x := '')") == "hidden");
  CHECK(read("SET @a = 'x' COLLATE utf8mb4_bin") == "user_variable");
  CHECK(read("UPDATE t SET a = (@n := @n + 1)") == "user_variable");
  CHECK(read("SELECT @`` := 1") == "user_variable");
}

TEST_CASE("statement hazards: what only the server sees") {
  CHECK(read("CALL p()") == "hidden");
  CHECK(read(" /* a */ # b\n -- c\n call p()") == "hidden");
  CHECK(read("SELECT 1; CALL p()") == "hidden");
  CHECK(read("EXECUTE IMMEDIATE 'SELECT 1'") == "hidden");
  CHECK(read("EXECUTE s USING @a") == "hidden");
  CHECK(read("SELECT 1 /*! , 2 */") == "hidden");
  CHECK(read("SELECT 1 /*M!100100 , 2 */") == "hidden");
  CHECK(read("/*!40101 SET NAMES utf8 */") == "hidden");
  CHECK(read("SELECT 1 /* without an end") == "hidden");
  CHECK(read("SELECT 'without an end") == "hidden");
  CHECK(read("BEGIN NOT ATOMIC SET sql_mode = ''; END") == "hidden");
  CHECK(read("IF 1 THEN SET sql_mode = ''; END IF") == "hidden");
  CHECK(read("SELECT sys.quote_identifier('a')") == "hidden");
  CHECK(read("SELECT `sys` . `f`()") == "hidden");
  CHECK(read("SELECT 1; SET sql_mode = ''") == "hidden");
  CHECK(read("SET STATEMENT max_statement_time = 1 FOR SELECT 1") == "hidden");
  CHECK(read("SET PASSWORD = PASSWORD('x')") == "hidden");
  CHECK(read("SET RESOURCE GROUP g") == "hidden");
  CHECK(read("CREATE DEFINER = a FUNCTION f() RETURNS INT RETURN 1") == "hidden");
  CHECK(read("BINLOG 'x'") == "hidden");
  CHECK(read("12") == "hidden");
  CHECK(describe(find_hazards("SELECT 1", false)) == "hidden");
}

TEST_CASE("statement hazards: what a session holds") {
  CHECK(read("CREATE TEMPORARY TABLE t (a INT)") == "temporary_table");
  CHECK(read("create/**/or replace /* */ temporary table t (a INT)") == "temporary_table");
  CHECK(read("CREATE TEMPORARY SEQUENCE s") == "temporary_table");
  CHECK(read("LOCK TABLES t READ") == "table_lock");
  CHECK(read("UNLOCK TABLES") == "table_lock");
  CHECK(read("FLUSH TABLES WITH READ LOCK") == "table_lock");
  CHECK(read("FLUSH LOCAL TABLES a, b FOR EXPORT") == "table_lock");
  CHECK(read("BACKUP STAGE START") == "table_lock");
  CHECK(read("SELECT GET_LOCK('a', 1)") == "named_lock");
  CHECK(read("SELECT a, get_lock /* x */ -- y\n\t ('a', 1)") == "named_lock");
  CHECK(read("SELECT `get_lock`('a', 1)") == "named_lock");
  CHECK(read("SELECT \"get_lock\"('a', 1)") == "named_lock");
  CHECK(read("SELECT GET_LOCK\xA0('a', 1)") == "named_lock");
  CHECK(read("DO RELEASE_LOCK('a'), release_all_locks()") == "named_lock");
  CHECK(read("HANDLER t OPEN") == "handler");
  CHECK(read("XA START 'a'") == "xa");
  CHECK(read("PREPARE s FROM 'SELECT 1'") == "text_prepared");
  CHECK(read("DEALLOCATE PREPARE s") == "text_prepared");
  CHECK(read("DROP PREPARE s") == "text_prepared");
}

TEST_CASE("statement hazards: state that no report tells") {
  CHECK(read("INSERT INTO t VALUES (LAST_INSERT_ID(5))") == "last_insert_id reads_last_insert_id");
  CHECK(read("SELECT LAST_INSERT_ID( /* none */ )") == "reads_last_insert_id");
  CHECK(read("SET last_insert_id = 5") == "last_insert_id");
  CHECK(read("SET @@identity = 5") == "last_insert_id reads_last_insert_id");
  CHECK(read("SELECT NEXTVAL(s)") == "sequence");
  CHECK(read("SELECT next /* */ value for s") == "sequence");
  CHECK(read("SELECT s.nextval") == "sequence");
  CHECK(read("SELECT SETVAL(s, 5)") == "sequence");
  CHECK(read("HANDLER t READ i NEXT") == "handler");
  CHECK(read("SELECT next, value FROM t").empty());
  CHECK(read("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE") == "next_transaction");
  CHECK(read("SET @@tx_isolation = 'SERIALIZABLE'") == "next_transaction");
  CHECK(read("SET @@transaction_read_only = 1") == "next_transaction");
  CHECK(read("SET ROLE r") == "role");
  CHECK(read("SET insert_id = 5") == "one_shot");
  CHECK(read("SET rand_seed1 = 5, rand_seed2 = 6") == "one_shot");
  CHECK(read("SET timestamp = 5") == "one_shot");
  CHECK(read("FLUSH STATUS") == "status_reset");
}

TEST_CASE("statement hazards: the transaction that SET TRANSACTION waits for") {
  for (const auto* text :
       {"BEGIN", "begin work;", "START TRANSACTION", "start transaction with consistent snapshot, read only"}) {
    CAPTURE(text);
    CHECK(find_hazards(text, true) == hazard::begins_transaction);
  }
  for (const auto* text :
       {"START TRANSACTION READ WRITE", "START SLAVE", "COMMIT", "SELECT 'BEGIN'", "BEGIN NOT ATOMIC END"}) {
    CAPTURE(text);
    CHECK((find_hazards(text, true) & hazard::begins_transaction) == 0);
  }
}

TEST_CASE("statement hazards: what is asked of the statement before") {
  CHECK(read("SHOW WARNINGS LIMIT 1") == "reads_warnings");
  CHECK(read("SHOW COUNT(*) ERRORS") == "reads_warnings");
  CHECK(read("SELECT @@warning_count") == "reads_warnings");
  CHECK(read("SELECT @@session . `error_count`") == "reads_warnings");
  CHECK(read("SELECT ROW_COUNT()") == "reads_row_count");
  CHECK(read("SELECT FOUND_ROWS()") == "reads_found_rows");
  CHECK(read("SHOW PROFILES") == "reads_profile");
  CHECK(read("SHOW PROFILE CPU FOR QUERY 1") == "reads_profile");
  CHECK(read("SELECT LASTVAL(s)") == "reads_sequence");
  CHECK(read("SELECT PREVIOUS VALUE FOR s") == "reads_sequence");
  CHECK(read("SELECT @@last_insert_id") == "reads_last_insert_id");
}

TEST_CASE("statement hazards: where a quote ends in doubt") {
  constexpr std::string_view hiding = R"(SELECT "a\", GET_LOCK("b", 1), "c")";
  CHECK((find_hazards(hiding, true) & hazard::named_lock) != 0);
  CHECK((find_hazards(R"(SELECT 'a\', GET_LOCK('b', 1), 'c')", true, false) & hazard::named_lock) != 0);
  CHECK((find_hazards("SELECT '\x95\\', GET_LOCK('b', 1), 'c'", true) & hazard::named_lock) != 0);
  CHECK((find_hazards("SELECT '\x95\\\\', ', GET_LOCK(1, 1), 'c'", true) & hazard::named_lock) != 0);
  CHECK((find_hazards("SELECT \x95` , GET_LOCK(1, 1) `", true) & hazard::named_lock) != 0);
  CHECK(read(R"(INSERT INTO t VALUES ("{\"mail\": \"x@y.z\"}", 'it\'s', 'a\\'))").empty());
}

TEST_CASE("statement hazards: neither case nor comments nor neighbours hide one") {
  constexpr std::array<std::pair<std::string_view, statement_hazards>, 22> hazardous{{
      {"CALL p ( )", hazard::hidden},
      {"EXECUTE s", hazard::hidden},
      {"SELECT 1 INTO @a", hazard::user_variable},
      {"SELECT 1 FROM t INTO @a , @b", hazard::user_variable},
      {"LOAD DATA INFILE 'x' INTO TABLE t ( @v )", hazard::user_variable},
      {"CREATE OR REPLACE TEMPORARY TABLE t ( a INT )", hazard::temporary_table},
      {"LOCK TABLES t WRITE", hazard::table_lock},
      {"FLUSH TABLES WITH READ LOCK", hazard::table_lock},
      {"SELECT GET_LOCK ( 'a' , 1 )", hazard::named_lock},
      {"HANDLER t OPEN", hazard::handler},
      {"XA START 'a'", hazard::xa},
      {"PREPARE s FROM 'SELECT 1'", hazard::text_prepared},
      {"SELECT LAST_INSERT_ID ( 5 )", hazard::last_insert_id},
      {"SELECT NEXT VALUE FOR s", hazard::sequence},
      {"SET TRANSACTION READ ONLY", hazard::next_transaction},
      {"SET ROLE r", hazard::role},
      {"SET insert_id = 5", hazard::one_shot},
      {"FLUSH STATUS", hazard::status_reset},
      {"SHOW WARNINGS", hazard::reads_warnings},
      {"SELECT PREVIOUS VALUE FOR s", hazard::reads_sequence},
      {"SELECT FOUND_ROWS ( )", hazard::reads_found_rows},
      {"SELECT @@warning_count", hazard::reads_warnings},
  }};
  constexpr std::array<std::string_view, 7> blanks{
      " ", "\n\t", "/**/", " /* ' */ ", " -- \"\n", " # `\n", " /*a*/ /*b*/-- c\n"};
  constexpr std::array<std::string_view, 6> before{
      "", " ", "SELECT 'a''b\\''; ", "/* x */;;", "INSERT INTO t VALUES (\"it's\");", "SELECT `a``b` -- c\n;"};
  for (const auto& [text, bit] : hazardous) {
    for (const auto blank : blanks) {
      for (const auto in_front : before) {
        for (const bool lower : {false, true}) {
          std::string changed(in_front);
          for (const char c : text) {
            if (c == ' ')
              changed += blank;
            else
              changed += lower && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
          }
          CAPTURE(changed);
          CHECK((find_hazards(changed, true) & bit) != 0);
          CHECK((find_hazards(changed + "; SELECT 1", true) & bit) != 0);
          for (std::size_t size = 0; size <= changed.size(); ++size) {
            if ((find_hazards(changed.substr(0, size), false) & hazard::hidden) == 0) FAIL("cut off at " << size);
          }
        }
      }
    }
  }
}

TEST_CASE("statement hazards: each keeps a session from being rebuilt unasked, reading does not") {
  CHECK(obstacle_of(0) == recovery_obstacle::none);
  CHECK(obstacle_of(hazard::reads_anything | hazard::status_reset) == recovery_obstacle::none);
  for (statement_hazards bit = hazard::hidden; bit < hazard::status_reset; bit <<= 1U) {
    if (bit != hazard::sequence) CHECK(obstacle_of(bit) != recovery_obstacle::none);
  }
  CHECK(obstacle_of(hazard::hidden | hazard::named_lock) == recovery_obstacle::named_locks);
}
