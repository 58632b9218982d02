#include "protocol/command.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace sessiongate::protocol;

TEST_CASE("command: names as in the process list") {
  CHECK(command_name(command::query) == "Query");
  CHECK(command_name(command::stmt_execute) == "Execute");
  CHECK(command_name(command::sleep) == "Sleep");
  CHECK(command_name(command::stmt_send_long_data) == "Long Data");
  CHECK(command_name(command::mariadb_stmt_bulk_execute) == "Bulk_execute");
}

TEST_CASE("command: known bytes have different names, all others are Unknown") {
  std::set<std::string_view> names;
  for (int value = 0; value < 256; ++value) {
    const auto name = command_name(static_cast<command>(value));
    const bool known = value <= 0x21 || value == 0xFA;
    CAPTURE(value, std::string(name));
    CHECK((name != "Unknown") == known);
    if (known) CHECK(names.insert(name).second);
  }
}

TEST_CASE("command: exactly three have no response") {
  std::set<command> silent;
  for (int value = 0; value < 256; ++value) {
    if (has_no_response(static_cast<command>(value))) silent.insert(static_cast<command>(value));
  }
  CHECK(silent == std::set<command>{command::quit, command::stmt_close, command::stmt_send_long_data});
}
