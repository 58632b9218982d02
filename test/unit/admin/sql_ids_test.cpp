// Ids and error texts of statements that were parsed.
#include "admin/sql_parser.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace sessiongate::admin {
namespace {

TEST_CASE("the caller's own id is filled in", "[admin][sql_parser]") {
  auto own = std::get<statement>(parse_statement("KILL QUERY CONNECTION_ID()", {}));
  set_id(own.what, 9);
  CHECK(std::get<kill_query>(own.what).id == session_id(9));
}

TEST_CASE("a malformed statement's error says what is wrong, printably", "[admin][sql_parser]") {
  const auto message = [](std::string_view text) { return std::get<failure>(parse_statement(text, {})).message; };
  CHECK(message("KILL PROXYSESSION 0x10") == "Unknown operator: expected the id of a session, found '0x10'");
  CHECK(message("KILL PROXYSESSION") ==
        "Unknown operator: expected the id of a session, found the end of the statement");
  CHECK(message("SHOW PROXYSESSION \x80\xFF") ==
        "Unknown operator: expected LIKE, WHERE, ORDER BY or LIMIT, found '\?\?'");
  CHECK(message("SHOW PROXYSESSION " + std::string(100, 'x')).size() < 120);
}

TEST_CASE("ids are read as drivers write and bind them", "[admin][sql_parser]") {
  CHECK(parse_id("5") == 5U);
  CHECK(parse_id("-0") == 0U);
  CHECK(parse_id("-1") == 4294967295U);
  CHECK(parse_id("18446744073709551615") == 18446744073709551615U);
  for (const auto text :
       {"", "-", "+", "+-5", "--5", "5 ", " 5", "5x", "0x5", "1.5", "18446744073709551616", "-2147483649"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_id(text));
  }
  CHECK(to_id(std::int64_t{-2147483648}) == 2147483648U);
  CHECK_FALSE(to_id(std::int64_t{-2147483649}));
  CHECK(to_id(std::int64_t{4294967296}) == 4294967296U);
  CHECK(to_id(std::uint64_t{18446744073709551615U}) == 18446744073709551615U);
  CHECK(to_id(std::string("-1")) == 4294967295U);
  CHECK_FALSE(to_id(std::string("x")));
  CHECK_FALSE(to_id(std::monostate()));
}

}  // namespace
}  // namespace sessiongate::admin
