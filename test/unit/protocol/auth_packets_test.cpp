#include "protocol/auth_packets.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

// As MariaDB 10.11 answers a login with a plugin that it does not have.
const bytes nonce = "784e5f6f35552e26733138646f24613e50594c53 00"_hex;
const bytes mariadb_switch = join("fe"_hex, to_bytes("mysql_native_password"), "00"_hex, nonce);

std::string rewritten(const auth_switch_request& value) {
  bytes out;
  write_auth_switch_request(out, value);
  return to_hex(out);
}

}  // namespace

TEST_CASE("auth switch: plugin and nonce, its terminating zero kept") {
  const auto parsed = parse_auth_switch_request(mariadb_switch);
  REQUIRE(parsed.has_value());
  CHECK(parsed->plugin == "mysql_native_password");
  CHECK(to_hex(as_bytes(parsed->data)) == to_hex(nonce));
  CHECK(rewritten(*parsed) == to_hex(mariadb_switch));
}

TEST_CASE("auth switch: one byte is the switch of 4.0") {
  const auto parsed = parse_auth_switch_request("fe"_hex);
  REQUIRE(parsed.has_value());
  CHECK(parsed->plugin.empty());
  CHECK(parsed->data.empty());
  CHECK(rewritten(*parsed) == "fe");
}

TEST_CASE("auth switch: an empty plugin name with data is not taken for the old switch") {
  const auto parsed = parse_auth_switch_request("fe00aa"_hex);
  REQUIRE(parsed.has_value());
  CHECK(parsed->data == "\xaa");
  CHECK(rewritten(*parsed) == "fe00aa");
}

TEST_CASE("auth switch: every truncation") {
  const std::size_t plugin_end = 1 + 22;
  for_each_prefix(mariadb_switch, [&](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_auth_switch_request(prefix);
    if (prefix.size() == 1) {
      CHECK(outcome.value().plugin.empty());
    } else if (prefix.size() < plugin_end) {
      CHECK(is_refused(outcome, errc::incomplete_message));
    } else {
      REQUIRE(outcome.has_value());
      CHECK(outcome->plugin == "mysql_native_password");
      CHECK(outcome->data == as_text(prefix.subspan(plugin_end)));
    }
  });
}

TEST_CASE("auth switch: another header") {
  CHECK(is_refused(parse_auth_switch_request("0100"_hex), errc::malformed_field));
}

TEST_CASE("auth more data: everything behind the header, zeros too") {
  CHECK(parse_auth_more_data("0104"_hex).value() == "\x04");
  CHECK(parse_auth_more_data("01610062"_hex).value() == std::string("a\0b", 3));
  CHECK(parse_auth_more_data("01"_hex).value().empty());
  CHECK(is_refused(parse_auth_more_data({}), errc::incomplete_message));
  CHECK(is_refused(parse_auth_more_data("fe04"_hex), errc::malformed_field));
  bytes out;
  write_auth_more_data(out, "\x03");
  CHECK(to_hex(out) == "0103");
}
