#include "proxy/server_variables.hpp"

#include "protocol/command.hpp"
#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

void append(protocol::bytes& to, std::string_view payload) {
  std::uint8_t sequence_id = 0;
  protocol::append_packet(to, sequence_id, protocol::as_bytes(payload));
}

protocol::bytes answer(bool end_of_definitions) {
  using namespace std::string_view_literals;
  protocol::bytes made;
  append(made, "\x02"sv);
  append(made,
         "\x03"
         "def-one"sv);
  append(made,
         "\x03"
         "def-two"sv);
  if (end_of_definitions) append(made, "\xFE\0\0\0\0"sv);
  append(made,
         "\x0a"
         "autocommit"
         "\x02"
         "ON"sv);
  append(made,
         "\x04"
         "port"
         "\x04"
         "3306"sv);
  append(made,
         "\x08"
         "init_sql"
         "\0"sv);
  append(made, "\xFE\0\0\0\0"sv);
  return made;
}

}  // namespace

TEST_CASE("the server's variables are read, with and without an end of the definitions") {
  for (const bool end_of_definitions : {false, true}) {
    const auto read = read_server_variables(answer(end_of_definitions));
    REQUIRE(read != nullptr);
    REQUIRE(read->system.size() == 3);
    const auto* port = session::find_variable(read->system, "port");
    REQUIRE(port != nullptr);
    CHECK(port->value == "3306");
    CHECK_FALSE(port->changed);
    CHECK(session::find_variable(read->system, "init_sql")->value.empty());
  }
}

TEST_CASE("an answer that is cut off anywhere is none") {
  const auto whole = answer(true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(read_server_variables(protocol::bytes_view(whole).first(size)) == nullptr);
  }
}

TEST_CASE("an error is no list of variables") {
  protocol::bytes made;
  append(made, "\xFF\x28\x04#42000no");
  CHECK(read_server_variables(made) == nullptr);
  CHECK(read_server_variables({}) == nullptr);
}
