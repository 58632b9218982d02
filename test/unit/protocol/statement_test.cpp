#include "protocol/statement.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

constexpr capabilities plain = client_protocol_41;
constexpr capabilities attributed = client_protocol_41 | client_query_attributes;

using offset = std::optional<std::size_t>;

const bytes execute_head = "17 01000000 00 01000000"_hex;

/// One parameter of this wire type with this value.
result<execute_request> execute_one(const bytes& type, const bytes& value) {
  std::vector<std::uint16_t> types;
  return parse_execute(join(execute_head, "00 01"_hex, type, value), 1, plain, types);
}

result_cell value_of(const bytes& type, const bytes& value) {
  const auto parsed = execute_one(type, value);
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->parameters.size() == 1);
  return parsed->parameters[0];
}

}  // namespace

TEST_CASE("query text: right behind the command byte without query attributes") {
  CHECK(query_text_offset({}, plain).value() == offset(1));
  CHECK(query_text_offset("03ff"_hex, plain).value() == offset(1));
}

TEST_CASE("query text: behind two counts when there are no attributes") {
  CHECK(query_text_offset("03 00 01 53454c45"_hex, attributed).value() == offset(3));
  CHECK(query_text_offset("03 fc0000 01 53454c45"_hex, attributed).value() == offset(5));
}

TEST_CASE("query text: behind attributes of every layout, found only when all of them are there") {
  // NULL, a string, a double, a tiny unsigned, a datetime, a time, a short, an int, a long long, a MYSQL_TYPE_NULL
  const auto head = join("03 0a 01 0100 01"_hex, "fd00 016e  fd00 0161  0500 00  0180 00  0c00 00  0b00 00"_hex,
                         "0200 00  0300 00  0800 00  0600 00"_hex,
                         "0276 31 0000000000000440 ff 04e7070b17 00 0100 01000000 0100000000000000"_hex);
  const auto whole = join(head, to_bytes("SELECT 1"));
  CHECK(query_text_offset(whole, attributed).value() == offset(head.size()));
  CHECK(query_text_offset(head, attributed).value() == offset(head.size()));
  for_each_prefix(head, [](bytes_view prefix) {
    CAPTURE(prefix.size());
    CHECK(query_text_offset(prefix, attributed).value() == offset());
  });
}

TEST_CASE("query text: impossible attributes are refused at once") {
  const auto raw =
      GENERATE("03 fb"_hex, "03 ff"_hex, "03 feffffffffffffffff"_hex, "03 fd000001"_hex, "03 00 00"_hex, "03 00 02"_hex,
               "03 01 fb"_hex, "03 01 01 00 00"_hex, "03 01 01 00 02"_hex, "03 01 01 00 01 fd00 ff"_hex,
               "03 01 01 00 01 fd00 fb"_hex, "03 01 01 00 01 fd00 feffffffffffffffff"_hex,
               "03 01 01 00 01 fd00 00 fb"_hex, "03 01 01 00 01 fd00 00 feffffffffffffffff"_hex);
  CHECK(is_refused(query_text_offset(raw, attributed), errc::malformed_field));
}

TEST_CASE("query text: the largest number of attributes") {
  bytes raw = "03 fcffff 01"_hex;
  raw.insert(raw.end(), 8192, std::uint8_t{0xFF});
  raw.push_back(1);
  for (int i = 0; i < 65535; ++i) raw.insert(raw.end(), {0xFD, 0x00, 0x00});
  CHECK(query_text_offset(raw, attributed).value() == offset(raw.size()));
}

TEST_CASE("execute: the documented example") {
  std::vector<std::uint16_t> types;
  const auto raw = join(execute_head, "00 01 0f00 03 666f6f"_hex);
  const auto parsed = parse_execute(raw, 1, plain, types);
  REQUIRE(parsed.has_value());
  CHECK(parsed->statement_id == 1);
  CHECK(parsed->cursor_flags == 0);
  CHECK(parsed->parameters == result_row{"foo"});
  CHECK(types == std::vector<std::uint16_t>{0x0f});
  for_each_prefix(raw, [](bytes_view prefix) {
    std::vector<std::uint16_t> untouched = {8};
    CHECK(is_refused(parse_execute(prefix, 1, plain, untouched), errc::incomplete_message));
    CHECK(untouched == std::vector<std::uint16_t>{8});
  });
  CHECK(is_refused(parse_execute(join(raw, "00"_hex), 1, plain, types), errc::extra_bytes));
}

TEST_CASE("execute: no parameters") {
  std::vector<std::uint16_t> types;
  CHECK(parse_execute(execute_head, 0, plain, types).value().parameters.empty());
  CHECK(parse_execute(join(execute_head, "0001"_hex), 0, plain, types).has_value());
  for_each_prefix(execute_head, [&](bytes_view prefix) {
    CHECK(is_refused(parse_execute(prefix, 0, plain, types), errc::incomplete_message));
  });
}

TEST_CASE("execute: integers of every width and sign") {
  CHECK(value_of("0100"_hex, "ff"_hex) == result_cell(std::int64_t{-1}));
  CHECK(value_of("0180"_hex, "ff"_hex) == result_cell(std::uint64_t{255}));
  CHECK(value_of("0200"_hex, "0080"_hex) == result_cell(std::int64_t{-32768}));
  CHECK(value_of("0300"_hex, "feffffff"_hex) == result_cell(std::int64_t{-2}));
  CHECK(value_of("0380"_hex, "feffffff"_hex) == result_cell(std::uint64_t{4294967294}));
  CHECK(value_of("0900"_hex, "01000000"_hex) == result_cell(std::int64_t{1}));
  CHECK(value_of("0d00"_hex, "e707"_hex) == result_cell(std::int64_t{2023}));
  CHECK(value_of("f400"_hex, "01"_hex) == result_cell(std::int64_t{1}));
  CHECK(value_of("0800"_hex, "fbffffffffffffff"_hex) == result_cell(std::int64_t{-5}));
  CHECK(value_of("0880"_hex, "ffffffffffffffff"_hex) == result_cell(std::uint64_t{18446744073709551615ULL}));
}

TEST_CASE("execute: other types as text") {
  CHECK(value_of("0500"_hex, "0000000000000440"_hex) == result_cell("2.5"));
  CHECK(value_of("0400"_hex, "cdcccc3d"_hex) == result_cell("0.1"));
  CHECK(value_of("0a00"_hex, "04 e707 0b 17"_hex) == result_cell("2023-11-23"));
  CHECK(value_of("0c00"_hex, "00"_hex) == result_cell("0000-00-00"));
  CHECK(value_of("0c00"_hex, "07 e707 01 02 03 04 05"_hex) == result_cell("2023-01-02 03:04:05"));
  CHECK(value_of("0700"_hex, "0b e707 01 02 03 04 05 40e20100"_hex) == result_cell("2023-01-02 03:04:05.123456"));
  CHECK(value_of("0b00"_hex, "08 01 05000000 03 04 05"_hex) == result_cell("-123:04:05"));
  CHECK(value_of("0b00"_hex, "0c 00 00000000 03 04 05 01000000"_hex) == result_cell("03:04:05.000001"));
  CHECK(value_of("0b00"_hex, "00"_hex) == result_cell("00:00:00"));
  CHECK(value_of("f600"_hex, "03 312e35"_hex) == result_cell("1.5"));
  CHECK(value_of("fc00"_hex, "02 0001"_hex) == result_cell(std::string("\0\1", 2)));
  CHECK(value_of("0600"_hex, {}) == result_cell());
}

TEST_CASE("execute: dates and times of impossible sizes") {
  CHECK(is_refused(execute_one("0c00"_hex, "03 e70701"_hex), errc::malformed_field));
  CHECK(is_refused(execute_one("0b00"_hex, "07 00000000000000"_hex), errc::malformed_field));
  CHECK(is_refused(execute_one("0b00"_hex, "08 00 ffffffff 00 00 00"_hex), errc::malformed_field));
  CHECK(is_refused(execute_one("0c00"_hex, "ff e70701"_hex), errc::incomplete_message));
}

TEST_CASE("execute: hostile lengths") {
  CHECK(is_refused(execute_one("fd00"_hex, "feffffffffffffffff"_hex), errc::incomplete_message));
  CHECK(is_refused(execute_one("fd00"_hex, "fb"_hex), errc::incomplete_message));
  std::vector<std::uint16_t> types;
  CHECK(is_refused(parse_execute(join(execute_head, "0001"_hex), 65535, plain, types), errc::incomplete_message));
}

TEST_CASE("execute: NULLs come from the bitmap and have no value") {
  std::vector<std::uint16_t> types;
  const auto raw = join(execute_head, "0201 01"_hex, bytes(18, std::uint8_t{1}), "aa"_hex);
  // nine parameters of type 0x0101 (tiny), the second and the ninth NULL: seven values follow
  const auto full = join(bytes(raw.begin(), raw.end() - 1), "01020304050607"_hex);
  const auto parsed = parse_execute(full, 9, plain, types);
  REQUIRE(parsed.has_value());
  CHECK(parsed->parameters[1] == result_cell());
  CHECK(parsed->parameters[8] == result_cell());
  CHECK(parsed->parameters[0] == result_cell(std::int64_t{1}));
  CHECK(parsed->parameters[7] == result_cell(std::int64_t{7}));
}

TEST_CASE("execute: types of an earlier execution are used again") {
  std::vector<std::uint16_t> types = {0x8001};
  const auto again = join(execute_head, "00 00 ff"_hex);
  CHECK(parse_execute(again, 1, plain, types).value().parameters == result_row{std::uint64_t{255}});
  types.clear();
  CHECK(is_refused(parse_execute(again, 1, plain, types), errc::malformed_field));
  CHECK(is_refused(parse_execute(join(execute_head, "00 02 ff"_hex), 1, plain, types), errc::malformed_field));
}

TEST_CASE("execute: query attributes are read behind the statement's own parameters") {
  // flags 0x08, two values: 5 for the statement's one parameter, and the attribute trace="x"
  const auto raw = join("17 02000000 08 01000000"_hex, "02 00 01 0100 00 fe00 05 7472616365 05 01 78"_hex);
  std::vector<std::uint16_t> types;
  const auto parsed = parse_execute(raw, 1, attributed, types);
  REQUIRE(parsed.has_value());
  CHECK(parsed->statement_id == 2);
  CHECK(parsed->cursor_flags == 8);
  CHECK(parsed->parameters == result_row{std::int64_t{5}});
  CHECK(types == std::vector<std::uint16_t>{0x01, 0xfe});
  CHECK(parse_execute(raw, 0, attributed, types).value().parameters.empty());
  for_each_prefix(raw, [](bytes_view prefix) {
    std::vector<std::uint16_t> none;
    CHECK(is_refused(parse_execute(prefix, 1, attributed, none), errc::incomplete_message));
  });
}

TEST_CASE("execute: the parameter count of clients with query attributes") {
  std::vector<std::uint16_t> types;
  const auto flagged = "17 02000000 08 01000000"_hex;
  CHECK(parse_execute(join(flagged, "00"_hex), 0, attributed, types).has_value());
  CHECK(parse_execute(execute_head, 0, attributed, types).has_value());
  CHECK(parse_execute(join(execute_head, "01 00 01 0100 00 07"_hex), 1, attributed, types).value().parameters ==
        result_row{std::int64_t{7}});
  CHECK(is_refused(parse_execute(join(flagged, "00"_hex), 1, attributed, types), errc::malformed_field));
  CHECK(
      is_refused(parse_execute(join(flagged, "feffffffffffffffff"_hex), 1, attributed, types), errc::malformed_field));
  CHECK(is_refused(parse_execute(join(flagged, "fb"_hex), 1, attributed, types), errc::incomplete_message));
}

TEST_CASE("execute: another command") {
  std::vector<std::uint16_t> types;
  CHECK(is_refused(parse_execute("03 01000000 00 01000000"_hex, 0, plain, types), errc::malformed_field));
}

TEST_CASE("statement id: in the commands that have one") {
  for (const auto type : {0x17, 0x18, 0x19, 0x1A, 0x1C, 0xFA}) {
    const auto raw = join(bytes{static_cast<std::uint8_t>(type)}, "ffffffff 00"_hex);
    CHECK(parse_statement_id(raw).value() == last_prepared_statement);
    for_each_prefix(bytes_view(raw).first(5),
                    [](bytes_view prefix) { CHECK(is_refused(parse_statement_id(prefix), errc::incomplete_message)); });
  }
  CHECK(is_refused(parse_statement_id("0301000000"_hex), errc::malformed_field));
}

TEST_CASE("where an execution tells the types of its parameters is found") {
  const auto told = "17010000000001000000 00 01 0800 fd80 0700000000000000 0178"_hex;
  const auto found = find_binding(told, 2, plain);
  REQUIRE((found && *found));
  CHECK((*found)->flag_at == 11);
  CHECK((*found)->count == 2);
  CHECK((*found)->types.size() == 4);
  CHECK((*found)->types.data() == bytes_view(told).data() + 12);
  const auto untold = find_binding("17010000000001000000 00 00 0700000000000000 0178"_hex, 2, plain);
  REQUIRE((untold && *untold));
  CHECK((*untold)->types.empty());
  CHECK(!(*find_binding("17010000000001000000"_hex, 0, plain)).has_value());
  for (std::size_t size = 0; size < 16; ++size)
    CHECK(!find_binding(bytes_view(told).first(size), 2, plain).has_value());
  const auto named = find_binding("17010000000001000000 02 00 01 0800 00 fd00 016e 0700000000000000 0178"_hex, 1,
                                  plain | client_query_attributes);
  REQUIRE((named && *named));
  CHECK((*named)->count == 2);
  CHECK((*named)->types.size() == 7);
}
