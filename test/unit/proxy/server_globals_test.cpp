#include "proxy/server_globals.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;

namespace {

const auto start = globals_history::clock::now();

server_globals with_mode(const std::string& mode) {
  return server_globals({{"sql_mode", mode}, {"autocommit", "ON"}, {"gtid_binlog_pos", "0-1-" + mode}});
}

}  // namespace

TEST_CASE("global variables are found by their names") {
  const auto globals = with_mode("ANSI");
  REQUIRE(globals.find("sql_mode") != nullptr);
  CHECK(*globals.find("sql_mode") == "ANSI");
  CHECK(globals.find("gtid_binlog_pos") == nullptr);
  CHECK(globals.find("sql_mod") == nullptr);
  CHECK(globals.all().size() == 2);
  CHECK(globals == server_globals({{"autocommit", "ON"}, {"sql_mode", "ANSI"}}));
}

TEST_CASE("what was read twice the same was in force in between, and nothing else is known") {
  globals_history history;
  CHECK(history.at(start).reason == "the server's global variables were never read");
  history.add(with_mode("A"), start + 10s, false);
  history.add(with_mode("A"), start + 20s, true);
  history.add(with_mode("B"), start + 30s, true);
  history.add(with_mode("B"), start + 40s, true);
  CHECK(history.at(start + 9s).variables == nullptr);
  REQUIRE(history.at(start + 15s).variables != nullptr);
  CHECK(*history.at(start + 15s).variables->find("sql_mode") == "A");
  CHECK(history.at(start + 25s).variables == nullptr);
  CHECK(history.at(start + 25s).reason == "the server's global variables were others before and behind it");
  CHECK(*history.at(start + 35s).variables->find("sql_mode") == "B");
  CHECK(history.at(start + 41s).reason == "the server's global variables were not read since");
}

TEST_CASE("over another connection it may be another server, or one that was restarted") {
  globals_history history;
  history.add(with_mode("A"), start + 10s, false);
  history.add(with_mode("A"), start + 20s, false);
  CHECK(history.at(start + 15s).variables == nullptr);
  CHECK(history.at(start + 10s).variables == history.at(start + 20s).variables);
}

TEST_CASE("the history is bounded") {
  globals_history history;
  for (int each = 0; each < 200; ++each) history.add(with_mode(std::to_string(each)), start + each * 1s, true);
  CHECK(history.at(start).variables == nullptr);
  CHECK(history.at(start + 199s).variables != nullptr);
}
