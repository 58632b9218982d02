#include "proxy/prepared_statements.hpp"

#include "protocol/statement.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::proxy {
namespace {

preparing_state anywhere() {
  return {std::make_shared<const std::string>("shop"), session::no_variables()};
}

TEST_CASE("prepared statements have the server's ids as long as it is the server that made them") {
  prepared_statements all;
  all.add(1, "SELECT 1", anywhere());
  all.add(2, "SELECT 22", anywhere());
  CHECK_FALSE(all.translates());
  CHECK(all.next_shown() == 0);
  CHECK(all.translate(2) == 2);
  CHECK(all.translate(3) == 0);
  CHECK(all.translate(protocol::last_prepared_statement) == 2);
  CHECK(all.text_size() == 17);
  all.remove(1);
  all.remove(1);
  CHECK(all.text_size() == 9);
  CHECK(all.find(1) == nullptr);
}

TEST_CASE("a client goes on with its ids on another server session, and gets none of them twice") {
  prepared_statements all;
  all.add(3, "SELECT 3", anywhere());
  all.add(7, "SELECT 7", anywhere());
  all.moved(3, 1);
  all.moved(7, 2);
  all.begin_translating();
  REQUIRE(all.translates());
  CHECK(all.translate(3) == 1);
  CHECK(all.translate(7) == 2);
  CHECK(all.translate(1) == 0);
  CHECK(all.next_shown() == 8);
  all.add(3, "SELECT 8", anywhere());  // the server's third, which the client sees as 8
  CHECK(all.translate(8) == 3);
  CHECK(all.translate(3) == 1);
  CHECK(all.translate(protocol::last_prepared_statement) == 3);
  all.remove(8);
  CHECK(all.next_shown() == 9);  // a driver may remember the number
}

TEST_CASE("nothing is translated where nothing was prepared") {
  prepared_statements all;
  all.begin_translating();
  CHECK_FALSE(all.translates());
  CHECK(all.next_shown() == 0);
}

TEST_CASE("an id that the client has had means no other statement on another server session") {
  prepared_statements all;
  all.add(5, "SELECT 5", anywhere());
  SECTION("when it was closed") {
    all.remove(5);
  }
  SECTION("when the session was reset") {
    all.clear();
    CHECK(all.text_size() == 0);
  }
  all.begin_translating();
  CHECK(all.translate(5) == 0);
  CHECK(all.next_shown() == 6);
  all.add(5, "SELECT 6", anywhere());
  CHECK(all.translate(5) == 0);
  CHECK(all.translate(6) == 5);
}

}  // namespace
}  // namespace sessiongate::proxy
