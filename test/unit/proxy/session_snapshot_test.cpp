#include "proxy/session_snapshot.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
using kind = user_variable::kind;

namespace {

session_snapshot make_snapshot() {
  session_snapshot made;
  made.variables = {
      {"autocommit", "ON"}, {"innodb_tmpdir", std::nullopt}, {"pseudo_thread_id", "5"}, {"sql_mode", "ANSI"}};
  made.user = {{"a", kind::integer, "1", "", ""}, {"b", kind::text, "x", "latin1", "latin1_bin"}};
  made.database = "shop";
  made.last_insert_id = 7;
  return made;
}

using name = std::optional<std::string>;

}  // namespace

TEST_CASE("session snapshot: the first difference is named") {
  const auto wanted = make_snapshot();
  auto actual = make_snapshot();
  CHECK(find_difference(wanted, actual) == name());
  actual.variables[3].value = "";
  CHECK(find_difference(wanted, actual) == name("sql_mode"));
  actual = make_snapshot();
  actual.variables[1].value = "";
  CHECK(find_difference(wanted, actual) == name("innodb_tmpdir"));  // NULL is not empty
  actual = make_snapshot();
  actual.variables.erase(actual.variables.begin());
  CHECK(find_difference(wanted, actual) == name("autocommit"));
  actual = make_snapshot();
  actual.user[0].type = kind::unsigned_integer;
  CHECK(find_difference(wanted, actual) == name("@a"));
  actual = make_snapshot();
  actual.user[1].collation = "latin1_german1_ci";
  CHECK(find_difference(wanted, actual) == name("@b"));
  actual.user.pop_back();
  CHECK(find_difference(wanted, actual) == name("@b"));
  CHECK(find_difference(actual, wanted) == name("@b"));
  actual = make_snapshot();
  actual.database.reset();
  CHECK(find_difference(wanted, actual) == name("database"));
  actual = make_snapshot();
  actual.role = "r";
  CHECK(find_difference(wanted, actual) == name("role"));
  actual = make_snapshot();
  actual.last_insert_id = 0;
  CHECK(find_difference(wanted, actual) == name("last_insert_id"));
  actual = make_snapshot();
  actual.fixed_timestamp = "1.5";
  CHECK(find_difference(wanted, actual) == name("timestamp"));
}

TEST_CASE("session snapshot: what is each session's own is no difference") {
  const auto wanted = make_snapshot();
  auto actual = make_snapshot();
  actual.variables[2].value = "6";
  actual.variables.push_back({"zebra_of_a_newer_server", "1"});
  CHECK(find_difference(wanted, actual) == name());
  CHECK(is_left_out("pseudo_thread_id"));
  CHECK(is_left_out("error_count"));
  CHECK(is_left_out("warning_count"));
  CHECK_FALSE(is_left_out("sql_mode"));
}

TEST_CASE("session snapshot: its size grows with what it holds") {
  auto snapshot = make_snapshot();
  const auto before = snapshot.size();
  snapshot.user[1].value = std::string(1000, 'x');
  CHECK(snapshot.size() == before + 999);
}
