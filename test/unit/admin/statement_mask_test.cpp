#include "admin/statement_mask.hpp"

#include <catch2/catch.hpp>

using sessiongate::admin::mask_literals;

TEST_CASE("literals go, the statement stays") {
  CHECK(mask_literals("SELECT c FROM t1 WHERE id=1") == "SELECT c FROM t1 WHERE id=?");
  CHECK(mask_literals("INSERT INTO `t 1` VALUES ('secret', \"too\", -5, 1.5e3, 0xFF, NULL)") ==
        "INSERT INTO `t 1` VALUES (?, ?, -?, ?, ?, NULL)");
  CHECK(mask_literals("SET PASSWORD = 'hunter2'") == "SET PASSWORD = ?");
  CHECK(mask_literals("SELECT 'it''s', 'a\\'b', x'41', _utf8mb4'x'") == "SELECT ?, ?, x?, _utf8mb4?");
  CHECK(mask_literals("SELECT a-5, @x, @@y") == "SELECT a-?, @x, @@y");
}

TEST_CASE("comments go, and white space becomes a blank") {
  CHECK(mask_literals("  /* user 7 */ SELECT\n\t a -- 'x'\n , b # c") == "SELECT a , b");
  CHECK(mask_literals("").empty());
  CHECK(mask_literals(" \n ").empty());
}

TEST_CASE("what is not whole is not shown") {
  CHECK(mask_literals("SELECT 'half a sec") == "SELECT ?");
  CHECK(mask_literals("SELECT 1 /* half a com") == "SELECT ? ?");
  CHECK(mask_literals("SELECT /*!50000 'secret' */ 1") == "SELECT ?");
  CHECK(mask_literals("SELECT `half a na") == "SELECT ?");
}
