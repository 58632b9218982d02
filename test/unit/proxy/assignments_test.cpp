#include "proxy/assignments.hpp"

#include <catch2/catch.hpp>

#include <string>

using sessiongate::proxy::assignment;
using sessiongate::proxy::find_assignments;

namespace {

/// `user a=1; system sql_mode=?; database x`, and ` …` behind it when more may have changed.
std::string read(std::string_view text, bool complete = true) {
  const auto found = find_assignments(text, complete);
  std::string out;
  for (const auto& each : found.all) {
    if (!out.empty()) out += "; ";
    out += each.what == assignment::target::user_variable     ? "user "
           : each.what == assignment::target::system_variable ? "system "
           : each.what == assignment::target::names_collation ? "collation "
                                                              : "database ";
    out += each.name + (each.name.empty() ? "" : "=") + each.value.value_or("?");
  }
  return out + (found.understood ? "" : " …");
}

}  // namespace

TEST_CASE("user variables that are set to a literal") {
  CHECK(read("SET @a=1") == "user a=1");
  CHECK(read("set @a := -5 , @B='it''s';") == "user a=-5; user B='it''s'");
  CHECK(read("SET @a.b$c_1 = 1.5e3") == "user a.b$c_1=1.5e3");
  CHECK(read("SET @`odd name` = NULL, @'x'=TRUE, @\"y\"=0xFF") == "user odd name=NULL; user x=TRUE; user y=0xFF");
  CHECK(read("/* c */ SET/**/@a/**/=/**/1 -- end") == "user a=1");
  CHECK(read("SET @1=2") == "user 1=2");
  CHECK(read("SET @'it''s'=1, @`a``b`=2, @\"c\"\"d\"=3") == "user it's=1; user a`b=2; user c\"d=3");
  CHECK(read("SET @a=\"it's\", @b='\"'") == "user a=\"it's\"; user b='\"'");
}

TEST_CASE("user variables that only the server can evaluate") {
  CHECK(read("SET @a=@b") == "user a=?");
  CHECK(read("SET @a=1+1, @b=2") == "user a=?; user b=2");
  CHECK(read("SET @a=f(1, 2), @b=(SELECT 1, 2 LIMIT 1)") == "user a=?; user b=?");
  CHECK(read("SET @a='x' 'y'") == "user a=?");
  CHECK(read("SET @a=_utf8mb4'x'") == "user a=?");
  CHECK(read("SET @a=column_or_error") == "user a=?");
  CHECK(read("SET @a=(@b := 1)") == "user a=? …");
}

TEST_CASE("user variables in other statements") {
  CHECK(read("SELECT @a := 1, @b, @c:=@c+1 FROM t") == "user a=?; user c=?");
  CHECK(read("SELECT 1, 2 INTO @a, @b") == "user a=?; user b=?");
  CHECK(read("SELECT a INTO OUTFILE '/x' FROM t WHERE m = 'a@b:=c'").empty());
  CHECK(read("SELECT @@sql_mode, @x, 'a' , \"@z:=1\" /* @y:=1 */").empty());
  CHECK(read("UPDATE t SET a = (@n := @n + 1)") == "user n=?");
  CHECK(read("INSERT INTO t VALUES (@a)").empty());
}

TEST_CASE("system variables of the session, not the global ones") {
  CHECK(read("SET autocommit=0") == "system autocommit=0");
  CHECK(read("SET SESSION sql_mode='ANSI', LOCAL time_zone = '+01:00'") ==
        "system sql_mode=ANSI; system time_zone=+01:00");
  CHECK(read("SET @@sql_mode = ANSI, @@session.max_join_size := DEFAULT, @@local.x=ON") ==
        "system sql_mode=ANSI; system max_join_size=?; system x=ON");
  CHECK(read("SET SESSION Time_Zone='x', @@SQL_MODE=0, @@Session.WAIT_TIMEOUT=1") ==
        "system time_zone=x; system sql_mode=0; system wait_timeout=1");
  CHECK(read("SET GLOBAL max_connections=5, @a=1, @@global.x=1, PERSIST y=2") == "user a=1");
  CHECK(read("SET NAMES utf8mb4") ==
        "system character_set_client=utf8mb4; system character_set_connection=utf8mb4; "
        "system character_set_results=utf8mb4");
  CHECK(read("SET NAMES 'latin1' COLLATE latin1_bin") ==
        "system character_set_client=latin1; system character_set_connection=latin1; "
        "system character_set_results=latin1; system collation_connection=latin1_bin; collation latin1_bin");
  const std::string unknown =
      "system character_set_client=?; system character_set_connection=?; system character_set_results=?; "
      "system collation_connection=?; collation ?";
  CHECK(read("SET NAMES DEFAULT") == unknown);
  CHECK(read("SET NAMES latin1 COLLATE latin1_bin, @a=1") == unknown + " …");
  CHECK(read("SET CHARACTER SET DEFAULT") == unknown);
  for (const auto* text : {"SET CHARACTER SET latin1", "set charset 'latin1' ;"}) {
    CHECK(read(text) ==
          "system character_set_client=latin1; system character_set_connection=?; "
          "system character_set_results=latin1; system collation_connection=?");
  }
  CHECK(read("SET character_set_client = utf8mb4") == "system character_set_client=utf8mb4");
  CHECK(read("SET @@character_set_results = DEFAULT") == "system character_set_results=?; collation ?");
  CHECK(read("SET GLOBAL character_set_client = DEFAULT").empty());
}

TEST_CASE("SET SESSION TRANSACTION sets what MariaDB reports") {
  CHECK(read("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED") == "system tx_isolation=?");
  CHECK(read("set local transaction read only, isolation level serializable") ==
        "system tx_read_only=?; system tx_isolation=?");
  CHECK(read("SET SESSION TRANSACTION READ WRITE; SET @a=1") == "system tx_read_only=?; user a=1");
}

TEST_CASE("what may change more is told so") {
  for (const auto* text : {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET ROLE a",
                           "SET STATEMENT x=1 FOR SELECT 1", "/*!50000 SET @a=1 */", "SET =1", "SET @=1", "SET"}) {
    CAPTURE(text);
    CHECK_FALSE(find_assignments(text, true).understood);
  }
  CHECK(read("SET PASSWORD = 'x'").empty());
}

TEST_CASE("USE names the database") {
  CHECK(read("USE shop") == "database shop");
  CHECK(read("use `my shop` ;") == "database my shop");
  CHECK(read("USE shop garbage") == "database ?");
  CHECK(read("USE") == "database ?");
}

TEST_CASE("several statements in one text") {
  CHECK(read("SELECT 1; SET @a=1;USE x; SELECT 2 INTO @b;") == "user a=1; database x; user b=?");
  CHECK(read(";;;").empty());
  CHECK(read("").empty());
}

TEST_CASE("a text that is not whole tells nothing of what touches its end") {
  CHECK(read("SET @a=1, @b=2", false) == "user a=1; user b=? …");
  CHECK(read("SET @a='unfinished", true) == "user a=? …");
  CHECK(read("USE sho", false) == "database ? …");
  CHECK(read("SET @a=1;", false) == "user a=1 …");
}
