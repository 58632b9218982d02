#include "protocol/ok_packet.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

constexpr capabilities plain = client_protocol_41;
constexpr capabilities tracked = client_protocol_41 | client_session_track;

// MariaDB 10.11: USE t1 with session tracking, and an UPDATE.
const bytes with_state = "00 00 00 0240 0000 00 05 01 03 02 7431"_hex;
const std::string matched = "Rows matched: 1  Changed: 1  Warnings: 0";
const bytes with_info = join("00 01 00 2200 0000 28"_hex, to_bytes(matched));

std::string rewritten(const ok_packet& value, capabilities negotiated, std::uint8_t header = ok_header) {
  bytes out;
  write_ok_packet(out, value, negotiated, header);
  return to_hex(out);
}

}  // namespace

TEST_CASE("ok packet: the documented example") {
  const auto raw = "00000002000000"_hex;
  const auto negotiated = GENERATE(plain, tracked);
  const auto parsed = parse_ok_packet(raw, negotiated);
  REQUIRE(parsed.has_value());
  CHECK(parsed->status == status_autocommit);
  CHECK(parsed->affected_rows == 0);
  CHECK(rewritten(*parsed, negotiated) == to_hex(raw));
}

TEST_CASE("ok packet: the info as servers send it, with session tracking and without") {
  const auto negotiated = GENERATE(plain, tracked);
  const auto parsed = parse_ok_packet(with_info, negotiated);
  REQUIRE(parsed.has_value());
  CHECK(parsed->affected_rows == 1);
  CHECK(parsed->info == matched);
  CHECK(rewritten(*parsed, negotiated) == to_hex(with_info));
}

TEST_CASE("ok packet: the info as documented without session tracking") {
  const auto raw = join("00 00 00 0200 0000"_hex, to_bytes(matched));
  const auto parsed = parse_ok_packet(raw, plain);
  REQUIRE(parsed.has_value());
  CHECK(parsed->info == matched);
}

TEST_CASE("ok packet: session state behind the info") {
  const auto parsed = parse_ok_packet(with_state, tracked);
  REQUIRE(parsed.has_value());
  CHECK(parsed->info.empty());
  CHECK(to_hex(as_bytes(parsed->state_info)) == "0103027431");
  CHECK(rewritten(*parsed, tracked) == to_hex(with_state));
}

TEST_CASE("ok packet: as the end of rows") {
  const auto raw = "fe 00 00 2140 0000 00 0b 05 09 08 545f525f5f5f535f"_hex;
  const auto parsed = parse_ok_packet(raw, tracked);
  REQUIRE(parsed.has_value());
  CHECK(parsed->status == 0x4021);
  CHECK(parsed->state_info.size() == 11);
  CHECK(rewritten(*parsed, tracked, eof_header) == to_hex(raw));
}

TEST_CASE("ok packet: large numbers") {
  ok_packet value;
  value.affected_rows = 0xFFFFFFFFFFFFFFFF;
  value.last_insert_id = 70000;
  value.warnings = 0xFFFF;
  CHECK(rewritten(value, plain) ==
        "00"
        "feffffffffffffffff"
        "fd701101"
        "0000"
        "ffff");
  bytes out;
  write_ok_packet(out, value, plain);
  const auto parsed = parse_ok_packet(out, plain);
  REQUIRE(parsed.has_value());
  CHECK(parsed->affected_rows == value.affected_rows);
  CHECK(parsed->last_insert_id == 70000);
  CHECK(parsed->warnings == 0xFFFF);
}

TEST_CASE("ok packet: writing state sets the flag, and only with session tracking") {
  ok_packet value;
  value.status = status_autocommit;
  value.state_info = "\x02\x01\x31";
  CHECK(rewritten(value, tracked) ==
        "00"
        "0000"
        "0240"
        "0000"
        "00"
        "03020131");
  CHECK(rewritten(value, plain) ==
        "00"
        "0000"
        "0200"
        "0000");
}

TEST_CASE("ok packet: every truncation") {
  const auto [whole, counted_from] = GENERATE(table<bytes, std::size_t>({{with_state, 7}, {with_info, 7}}));
  for_each_prefix(whole, [from = counted_from](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_ok_packet(prefix, tracked);
    if (prefix.size() == from) {  // servers leave out what would be empty
      REQUIRE(outcome.has_value());
      CHECK(outcome->info.empty());
      CHECK(outcome->state_info.empty());
    } else {
      CHECK(is_refused(outcome, errc::incomplete_message));
    }
  });
}

TEST_CASE("ok packet: hostile lengths") {
  const auto raw =
      GENERATE("00 fb 00 0200 0000"_hex, "00 ff 00 0200 0000"_hex, "00 00 00 0200 0000 feffffffffffffffff"_hex,
               "00 00 00 0240 0000 00 feffffffffffffffff 01"_hex, "00 00 00 0240 0000 00 0501"_hex);
  CHECK(is_refused(parse_ok_packet(raw, tracked), errc::incomplete_message));
}

TEST_CASE("ok packet: another header") {
  CHECK(is_refused(parse_ok_packet("ff000002000000"_hex, plain), errc::malformed_field));
}

TEST_CASE("eof packet: the documented example and all that is not one") {
  const auto raw = "fe00000200"_hex;
  const auto parsed = parse_eof_packet(raw);
  REQUIRE(parsed.has_value());
  CHECK(parsed->warnings == 0);
  CHECK(parsed->status == status_autocommit);
  for_each_prefix(raw,
                  [](bytes_view prefix) { CHECK(is_refused(parse_eof_packet(prefix), errc::incomplete_message)); });
  CHECK(is_refused(parse_eof_packet("fe0000020000"_hex), errc::extra_bytes));
  CHECK(is_refused(parse_eof_packet("0000000200"_hex), errc::malformed_field));

  bytes out;
  write_eof_packet(out, {0x0102, status_autocommit | status_more_results});
  CHECK(to_hex(out) == "fe02010a00");
}
