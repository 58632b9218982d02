#include "proxy/own_command.hpp"

#include "protocol/statement.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sessiongate;
using namespace sessiongate::proxy;

TEST_CASE("own commands: read as a client's, with query attributes and without") {
  for (const protocol::capabilities negotiated : {protocol::capabilities{0}, protocol::client_query_attributes}) {
    CAPTURE(negotiated);
    const auto query = own_query("SELECT 1", negotiated);
    const auto offset = protocol::query_text_offset(query, negotiated);
    REQUIRE(offset.has_value());
    CHECK(protocol::as_text(protocol::bytes_view(query).subspan(offset->value())) == "SELECT 1");

    std::vector<std::uint16_t> types;
    const auto execute = protocol::parse_execute(own_execute(7, "x", negotiated), 1, negotiated, types);
    REQUIRE(execute.has_value());
    CHECK(execute->statement_id == 7);
    CHECK((execute->cursor_flags & 7U) == 0);
    REQUIRE(execute->parameters.size() == 1);
    CHECK(std::get<std::string>(execute->parameters[0]) == "x");
  }
  CHECK(protocol::parse_statement_id(own_close(258)).value() == 258);
}
