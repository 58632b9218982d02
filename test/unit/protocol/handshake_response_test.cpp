#include "protocol/handshake_response.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

const auto nineteen_zeros = bytes(19);

// MySQL's documented example.
const bytes documented = join("8da60f00 00000001 08"_hex, nineteen_zeros, "00000000"_hex, to_bytes("pam"),
                              "00 14 ab09eef6bcb1323e61143865c0991d957d75d447"_hex, to_bytes("test"), "00"_hex,
                              to_bytes("mysql_native_password"), "00"_hex);

// As MariaDB 10.11's command-line client sends it.
const bytes mariadb_client =
    join("84a2bf00 00001000 21"_hex, nineteen_zeros, "1d000000"_hex, to_bytes("root"), "00 00"_hex,
         to_bytes("mysql_native_password"), "00 7e 03"_hex, to_bytes("_os"), "05"_hex, to_bytes("Linux"), "0c"_hex,
         to_bytes("_client_name"), "0a"_hex, to_bytes("libmariadb"), "04"_hex, to_bytes("_pid"), "04"_hex,
         to_bytes("5345"), "0f"_hex, to_bytes("_client_version"), "06"_hex, to_bytes("3.3.20"), "09"_hex,
         to_bytes("_platform"), "06"_hex, to_bytes("x86_64"), "0c"_hex, to_bytes("program_name"), "05"_hex,
         to_bytes("mysql"), "0c"_hex, to_bytes("_server_host"), "09"_hex, to_bytes("127.0.0.1"));

std::string rewritten(const handshake_response& value) {
  bytes out;
  write_handshake_response(out, value);
  return to_hex(out);
}

bytes fixed_part(std::uint32_t flags) {
  bytes out;
  wire_writer writer(out);
  writer.write_u32(flags);
  writer.write_zeros(28);
  return out;
}

}  // namespace

TEST_CASE("handshake response: the documented example") {
  const auto parsed = parse_handshake_response(documented);
  REQUIRE(parsed.has_value());
  CHECK(parsed->flags == 0x000fa68d);
  CHECK(parsed->packet_size_max == 16777216);
  CHECK(parsed->collation == 8);
  CHECK(parsed->user == "pam");
  CHECK(to_hex(as_bytes(parsed->auth_response)) == "ab09eef6bcb1323e61143865c0991d957d75d447");
  CHECK(parsed->database == "test");
  CHECK(parsed->auth_plugin == "mysql_native_password");
  CHECK(parsed->attributes.empty());
  CHECK(rewritten(*parsed) == to_hex(documented));
}

TEST_CASE("handshake response: MariaDB's client, with extended capabilities and attributes") {
  const auto parsed = parse_handshake_response(mariadb_client);
  REQUIRE(parsed.has_value());
  CHECK(parsed->flags == 0x1d00bfa284ULL);
  CHECK(parsed->user == "root");
  CHECK(parsed->auth_response.empty());
  CHECK(parsed->database.empty());
  REQUIRE(parsed->attributes.size() == 7);
  CHECK(parsed->attributes[5].first == "program_name");
  CHECK(parsed->attributes[5].second == "mysql");
  CHECK(rewritten(*parsed) == to_hex(mariadb_client));
}

TEST_CASE("handshake response: the reserved bytes of a MySQL client are no capabilities") {
  auto raw = documented;
  raw[28] = 0x1d;
  const auto parsed = parse_handshake_response(raw);
  REQUIRE(parsed.has_value());
  CHECK(parsed->flags == 0x000fa68d);
}

TEST_CASE("handshake response: every truncation of the documented example") {
  const std::size_t auth_end = 32 + 4 + 21;
  const std::size_t database_end = auth_end + 5;
  for_each_prefix(documented, [&](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_handshake_response(prefix);
    if (prefix.size() < auth_end) {
      CHECK(is_refused(outcome, errc::incomplete_message));
      return;
    }
    REQUIRE(outcome.has_value());
    CHECK(outcome->user == "pam");
    CHECK(outcome->auth_response.size() == 20);
    CHECK(outcome->database == std::string("test").substr(0, prefix.size() - auth_end));
    const auto plugin_size = prefix.size() - std::min(prefix.size(), database_end);
    CHECK(outcome->auth_plugin == std::string("mysql_native_password").substr(0, plugin_size));
  });
}

TEST_CASE("handshake response: attributes are there as a whole or not at all") {
  const std::size_t attributes_at = mariadb_client.size() - 127;
  for_each_prefix(mariadb_client, [&](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_handshake_response(prefix);
    if (prefix.size() > attributes_at || prefix.size() < 38) {
      CHECK(is_refused(outcome, errc::incomplete_message));
    } else {
      REQUIRE(outcome.has_value());
      CHECK(outcome->attributes.empty());
      CHECK(outcome->user == "root");
    }
  });
}

TEST_CASE("handshake response: bytes behind the last field do not matter, as in the servers") {
  auto raw = documented;
  raw.push_back(0x42);
  const auto parsed = parse_handshake_response(raw);
  REQUIRE(parsed.has_value());
  CHECK(rewritten(*parsed) == to_hex(documented));
}

TEST_CASE("handshake response: the three forms of the authentication response") {
  handshake_response value;
  value.user = "u";
  value.auth_response = "secret";
  value.flags = client_mysql | client_protocol_41;
  SECTION("ends with a zero") {
    CHECK(rewritten(value) == to_hex(join(fixed_part(0x0201), "7500"_hex, to_bytes("secret"), "00"_hex)));
  }
  SECTION("one byte of length") {
    value.flags |= client_secure_connection;
    value.auth_response = std::string(255, '\0');
    CHECK(rewritten(value) == to_hex(join(fixed_part(0x8201), "7500ff"_hex, bytes(255))));
  }
  SECTION("length-encoded") {
    value.flags |= client_secure_connection | client_plugin_auth_lenenc_data;
    value.auth_response = std::string(300, 'k');
    CHECK(rewritten(value) == to_hex(join(fixed_part(0x208201), "7500fc2c01"_hex, bytes(300, std::uint8_t{'k'}))));
  }
  bytes out;
  write_handshake_response(out, value);
  const auto parsed = parse_handshake_response(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->auth_response == value.auth_response);
}

TEST_CASE("handshake response: what does not fit one byte of length is cut off, the packet stays whole") {
  handshake_response value;
  value.flags = client_mysql | client_protocol_41 | client_secure_connection | client_plugin_auth;
  value.auth_response = std::string(256, 'x');
  value.auth_plugin = "plugin";
  bytes out;
  write_handshake_response(out, value);
  const auto parsed = parse_handshake_response(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->auth_response == std::string(255, 'x'));
  CHECK(parsed->auth_plugin == "plugin");
}

TEST_CASE("handshake response: every optional field at once") {
  handshake_response value;
  value.flags = client_protocol_41 | client_secure_connection | client_plugin_auth_lenenc_data |
                client_connect_with_db | client_plugin_auth | client_connect_attrs | client_zstd_compression |
                mariadb_progress;
  value.user = "user@tenant#cluster";
  value.auth_response = std::string("\0\1", 2);
  value.database = "db";
  value.auth_plugin = "caching_sha2_password";
  value.attributes = {{"a", "b"}};
  value.zstd_level = 22;
  bytes out;
  write_handshake_response(out, value);
  CHECK(out.back() == 22);
  const auto parsed = parse_handshake_response(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->flags == value.flags);
  CHECK(parsed->user == value.user);
  CHECK(parsed->auth_response == value.auth_response);
  CHECK(parsed->database == "db");
  CHECK(parsed->auth_plugin == value.auth_plugin);
  CHECK(parsed->attributes == value.attributes);
  CHECK(parsed->zstd_level == 22);
  out.pop_back();
  const auto without_level = parse_handshake_response(out);
  REQUIRE(without_level.has_value());
  CHECK(without_level->zstd_level == 0);
}

TEST_CASE("handshake response: hostile lengths") {
  const auto flags = static_cast<std::uint32_t>(client_mysql | client_protocol_41 | client_secure_connection |
                                                client_plugin_auth_lenenc_data | client_connect_attrs);
  const auto tail = GENERATE("7500 feffffffffffffffff 00"_hex, "7500 fb"_hex, "7500 ff"_hex, "7500 05 6162"_hex,
                             "7500 00 feffffffffffffffff"_hex, "7500 00 10 0161"_hex);
  CHECK(is_refused(parse_handshake_response(join(fixed_part(flags), tail)), errc::incomplete_message));
}

TEST_CASE("handshake response: clients before 4.1 are told apart even when short") {
  CHECK(is_refused(parse_handshake_response("8500 ffffff 726f6f7400"_hex), errc::unsupported_client));
  CHECK(is_refused(parse_client_flags(fixed_part(0x0801)), errc::unsupported_client));
}

TEST_CASE("handshake response: SSL request") {
  const auto request = fixed_part(static_cast<std::uint32_t>(client_mysql | client_protocol_41 | client_ssl));
  CHECK(is_ssl_request(request));
  CHECK(parse_client_flags(request).value() == (client_mysql | client_protocol_41 | client_ssl));
  CHECK(is_refused(parse_handshake_response(request), errc::incomplete_message));
  for_each_prefix(request, [](bytes_view prefix) {
    CHECK_FALSE(is_ssl_request(prefix));
    CHECK(is_refused(parse_client_flags(prefix), errc::incomplete_message));
  });
  CHECK_FALSE(is_ssl_request(fixed_part(0x0201)));
  CHECK_FALSE(is_ssl_request(join(request, "00"_hex)));
}

TEST_CASE("handshake response: a written SSL request is the beginning of the login behind it") {
  handshake_response login;
  login.flags = client_protocol_41 | client_ssl | client_secure_connection | mariadb_progress;
  login.packet_size_max = 0xFFFFFF;
  login.collation = 45;
  login.user = "somebody";
  bytes request;
  write_ssl_request(request, login);
  bytes whole;
  write_handshake_response(whole, login);
  CHECK(is_ssl_request(request));
  CHECK(bytes(whole.begin(), whole.begin() + 32) == request);
}

TEST_CASE("handshake response: SSL request with extended capabilities") {
  const auto request = join("84aebf00 00001000 21"_hex, nineteen_zeros, "1d000000"_hex);
  CHECK(is_ssl_request(request));
  CHECK(parse_client_flags(request).value() == 0x1d00bfae84ULL);
}
