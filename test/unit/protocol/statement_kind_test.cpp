#include "protocol/statement_kind.hpp"

#include <catch2/catch.hpp>

using sessiongate::protocol::kind_of_statement;
using kind = sessiongate::protocol::statement_kind;

TEST_CASE("a statement's kind is its first word, in any case") {
  CHECK(kind_of_statement("SELECT 1") == kind::select);
  CHECK(kind_of_statement("sElEcT*from t") == kind::select);
  CHECK(kind_of_statement("select") == kind::select);
  CHECK(kind_of_statement("INSERT INTO t VALUES (1)") == kind::insert);
  CHECK(kind_of_statement("replace t values (1)") == kind::insert);
  CHECK(kind_of_statement("Update t SET a=1") == kind::update);
  CHECK(kind_of_statement("DELETE FROM t") == kind::remove);
  CHECK(kind_of_statement("SET @a=1") == kind::set);
  CHECK(kind_of_statement("set@a=1") == kind::set);
  CHECK(kind_of_statement("USE `x`") == kind::use);
  CHECK(kind_of_statement("use`x`") == kind::use);
}

TEST_CASE("a longer or another word is something else") {
  for (const auto* text :
       {"", " ", "selects", "SELECT_x", "se", "sets", "us", "userland", "updated", "inserted", "d", "show tables",
        "BEGIN", "(select 1)", "/*!40000 select 1*/", "/*M! select 1*/", "1", "select\xC3"}) {
    CAPTURE(text);
    CHECK(kind_of_statement(text) == kind::other);
  }
}

TEST_CASE("white space and comments in front are skipped") {
  CHECK(kind_of_statement(" \t\r\n\v\fselect 1") == kind::select);
  CHECK(kind_of_statement("/* a * / b */ -- c\n# d\nDELETE FROM t") == kind::remove);
  CHECK(kind_of_statement("/**/SET a=1") == kind::set);
  CHECK(kind_of_statement("/* open") == kind::other);
  CHECK(kind_of_statement("-- all of it") == kind::other);
  CHECK(kind_of_statement("/") == kind::other);
  CHECK(kind_of_statement("-1") == kind::other);
}
