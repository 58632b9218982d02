#include "protocol/greeting.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

// As a MariaDB 10.11 sends it.
const bytes mariadb_greeting =
    join("0a"_hex, to_bytes("5.5.5-10.11.19-MariaDB-0+deb12u1"),
         "00 03000000 3432402a4e2c2f48 00 fef7 08 0200 ff81 15 000000000000 1d000000 5e7d7c765c4a3b2a5e7c7760 00"_hex,
         to_bytes("mysql_native_password"), "00"_hex);

// The two examples in MySQL's documentation: without and with authentication plugins.
const bytes mysql_55_greeting = join("0a"_hex, to_bytes("5.5.2-m2"),
                                     "00 0b000000 64764840492d434a 00 fff7 08 0200 0000 00 00000000000000000000"
                                     "2a34647c635a776b345e5d3a 00"_hex);
const bytes mysql_56_greeting = join("0a"_hex, to_bytes("5.6.4-m7-log"),
                                     "00 560a0000 524233767a264772 00 ffff 08 0200 0fc0 15 00000000000000000000"
                                     "2b7944262f5a5a333035 5a47 00"_hex,
                                     to_bytes("mysql_native_password"), "00"_hex);

std::string rewritten(const greeting& value) {
  bytes out;
  write_greeting(out, value);
  return to_hex(out);
}

}  // namespace

TEST_CASE("greeting: MariaDB's, with the extended capabilities in the reserved bytes") {
  const auto parsed = parse_greeting(mariadb_greeting);
  REQUIRE(parsed.has_value());
  CHECK(parsed->server_version == "5.5.5-10.11.19-MariaDB-0+deb12u1");
  CHECK(parsed->thread_id == 3);
  CHECK(parsed->nonce == "42@*N,/H^}|v\\J;*^|w`");
  CHECK(parsed->flags == 0x1d81fff7feULL);
  CHECK(has(parsed->flags, mariadb_progress | mariadb_cache_metadata | mariadb_stmt_bulk_operations));
  CHECK_FALSE(has(parsed->flags, client_mysql));
  CHECK(parsed->collation == 8);
  CHECK(parsed->status == status_autocommit);
  CHECK(parsed->auth_plugin == "mysql_native_password");
  CHECK(rewritten(*parsed) == to_hex(mariadb_greeting));
}

TEST_CASE("greeting: MySQL's documented examples") {
  const auto old = parse_greeting(mysql_55_greeting);
  REQUIRE(old.has_value());
  CHECK(old->server_version == "5.5.2-m2");
  CHECK(old->thread_id == 11);
  CHECK(old->nonce == "dvH@I-CJ*4d|cZwk4^]:");
  CHECK(old->flags == 0xf7ff);
  CHECK(old->auth_plugin.empty());
  CHECK(rewritten(*old) == to_hex(mysql_55_greeting));

  const auto with_plugin = parse_greeting(mysql_56_greeting);
  REQUIRE(with_plugin.has_value());
  CHECK(with_plugin->thread_id == 2646);
  CHECK(with_plugin->nonce == "RB3vz&Gr+yD&/ZZ305ZG");
  CHECK(with_plugin->flags == 0xc00fffff);
  CHECK(with_plugin->auth_plugin == "mysql_native_password");
  CHECK(rewritten(*with_plugin) == to_hex(mysql_56_greeting));
}

TEST_CASE("greeting: reserved bytes are no capabilities when the server is MySQL") {
  auto raw = mysql_56_greeting;
  const std::size_t last_reserved = 1 + 13 + 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 9;
  raw[last_reserved] = 0x01;
  const auto parsed = parse_greeting(raw);
  REQUIRE(parsed.has_value());
  CHECK(parsed->flags == 0xc00fffff);
}

TEST_CASE("greeting: every truncation is refused, but the plugin's name may end with the packet") {
  const auto whole = GENERATE(mariadb_greeting, mysql_55_greeting, mysql_56_greeting);
  const auto parsed = parse_greeting(whole);
  REQUIRE(parsed.has_value());
  const auto nonce_end = 1 + parsed->server_version.size() + 1 + 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10 + 13;
  for_each_prefix(whole, [&](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_greeting(prefix);
    if (prefix.size() >= nonce_end) {
      REQUIRE(outcome.has_value());
      CHECK(outcome->nonce == parsed->nonce);
      CHECK(outcome->auth_plugin == as_text(prefix.subspan(nonce_end)));
    } else {
      CHECK(is_refused(outcome, errc::incomplete_message));
    }
  });
}

TEST_CASE("greeting: a server before 4.1 may stop behind its capabilities, a later one may not") {
  const auto head = join("0a"_hex, to_bytes("4.0.1"), "00 01000000 6162636465666768 00"_hex);
  const auto parsed = parse_greeting(join(head, "2c00"_hex));
  REQUIRE(parsed.has_value());
  CHECK(parsed->nonce == "abcdefgh");
  CHECK(parsed->flags == 0x2c);
  CHECK(parsed->auth_plugin.empty());
  CHECK(is_refused(parse_greeting(join(head, "2c02"_hex)), errc::incomplete_message));
  CHECK(is_refused(parse_greeting(join(head, "2c80"_hex)), errc::incomplete_message));
}

TEST_CASE("greeting: other first bytes") {
  CHECK(is_refused(parse_greeting("ff1004546f6f"_hex), errc::malformed_field));
  CHECK(is_refused(parse_greeting("09352e3000"_hex), errc::unsupported_version));
}

TEST_CASE("greeting: a version without an end is refused") {
  CHECK(is_refused(parse_greeting(join("0a"_hex, bytes(300, std::uint8_t{'x'}))), errc::incomplete_message));
}

TEST_CASE("greeting: the nonce's second part is as long as the length byte says") {
  greeting value;
  value.server_version = "9";
  value.flags = client_mysql | client_protocol_41 | client_secure_connection | client_plugin_auth;
  value.auth_plugin = "p";
  value.nonce = std::string(GENERATE(20U, 21U, 32U, 100U, 254U, 255U), 'n');
  bytes out;
  write_greeting(out, value);
  const auto parsed = parse_greeting(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->nonce == value.nonce);
  CHECK(parsed->auth_plugin == "p");
  CHECK(rewritten(*parsed) == to_hex(out));
  out.resize(out.size() - 3);  // "p", its zero and the last byte of the nonce
  CHECK(is_refused(parse_greeting(out), errc::incomplete_message));
}
