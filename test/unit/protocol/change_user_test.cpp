#include "protocol/change_user.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

constexpr capabilities with_all =
    client_protocol_41 | client_secure_connection | client_plugin_auth | client_connect_attrs;

const bytes complete = join("11"_hex, to_bytes("nobody"), "00 02 aabb"_hex, to_bytes("t1"), "00 2d01"_hex,
                            to_bytes("no_such"), "00 06 026b31 027631"_hex);

std::string rewritten(const change_user& value, capabilities negotiated) {
  bytes out;
  write_change_user(out, value, negotiated);
  return to_hex(out);
}

}  // namespace

TEST_CASE("change user: all fields") {
  const auto parsed = parse_change_user(complete, with_all);
  REQUIRE(parsed.has_value());
  CHECK(parsed->user == "nobody");
  CHECK(parsed->auth_response == "\xaa\xbb");
  CHECK(parsed->database == "t1");
  CHECK(parsed->collation == 0x012d);
  CHECK(parsed->auth_plugin == "no_such");
  CHECK(parsed->attributes == connect_attributes{{"k1", "v1"}});
  CHECK(rewritten(*parsed, with_all) == to_hex(complete));
}

TEST_CASE("change user: every truncation") {
  const std::size_t auth_end = 1 + 7 + 3;
  const std::size_t database_end = auth_end + 3;
  const std::size_t collation_end = database_end + 2;
  const std::size_t plugin_end = collation_end + 8;
  for_each_prefix(complete, [&](bytes_view prefix) {
    const auto size = prefix.size();
    CAPTURE(size);
    const auto outcome = parse_change_user(prefix, with_all);
    const bool in_collation = size == database_end + 1;
    if (size <= auth_end || in_collation || size > plugin_end) {
      CHECK(is_refused(outcome, errc::incomplete_message));
      return;
    }
    REQUIRE(outcome.has_value());
    CHECK(outcome->database == std::string("t1").substr(0, size - auth_end));
    CHECK(outcome->collation == (size >= collation_end ? 0x012d : 0));
    CHECK(outcome->auth_plugin == std::string("no_such").substr(0, size - std::min(size, collation_end)));
    CHECK(outcome->attributes.empty());
  });
}

TEST_CASE("change user: fields that were not negotiated are not written and not read") {
  change_user value;
  value.user = "u";
  value.auth_response = "old";
  value.database = "d";
  value.collation = 8;
  value.auth_plugin = "p";
  value.attributes = {{"a", "b"}};
  CHECK(rewritten(value, client_protocol_41) ==
        "11"
        "7500"
        "6f6c6400"
        "6400"
        "0800");
  CHECK(rewritten(value, client_protocol_41 | client_secure_connection) ==
        "11"
        "7500"
        "036f6c64"
        "6400"
        "0800");
  const auto parsed = parse_change_user("11 7500 6f6c6400 6400 0800"_hex, client_protocol_41);
  REQUIRE(parsed.has_value());
  CHECK(parsed->auth_response == "old");
  CHECK(parsed->database == "d");
  CHECK(parsed->auth_plugin.empty());
}

TEST_CASE("change user: the length stays one byte with client_plugin_auth_lenenc_data") {
  change_user value;
  value.auth_response = std::string(300, 'x');
  bytes out;
  write_change_user(out, value, with_all | client_plugin_auth_lenenc_data);
  CHECK(out[2] == 0xff);
  const auto parsed = parse_change_user(out, with_all | client_plugin_auth_lenenc_data);
  REQUIRE(parsed.has_value());
  CHECK(parsed->auth_response == std::string(255, 'x'));
}

TEST_CASE("change user: hostile lengths and another command") {
  CHECK(is_refused(parse_change_user("11 7500 ff 6162"_hex, with_all), errc::incomplete_message));
  CHECK(is_refused(parse_change_user("11 7500 00 6400 0800 7000 feffffffffffffffff"_hex, with_all),
                   errc::incomplete_message));
  CHECK(is_refused(parse_change_user("11 75757575"_hex, with_all), errc::incomplete_message));
  CHECK(is_refused(parse_change_user("03 7500 00 00"_hex, with_all), errc::malformed_field));
}
