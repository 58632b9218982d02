#include "protocol/connect_attributes.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

const connect_attributes two = {{"_os", "Linux"}, {"_pid", "5345"}};
const bytes two_block = join("14 03"_hex, to_bytes("_os"), "05"_hex, to_bytes("Linux"), "04"_hex, to_bytes("_pid"),
                             "04"_hex, to_bytes("5345"));

}  // namespace

TEST_CASE("connect attributes: a block of two") {
  auto raw = two_block;
  raw.push_back(0x77);
  wire_reader reader(raw);
  CHECK(read_connect_attributes(reader) == two);
  CHECK(reader.ok());
  CHECK(reader.read_u8() == 0x77);

  bytes out;
  wire_writer writer(out);
  write_connect_attributes(writer, two);
  CHECK(to_hex(out) == to_hex(two_block));
}

TEST_CASE("connect attributes: an empty block, empty names and values") {
  bytes out;
  wire_writer writer(out);
  write_connect_attributes(writer, {});
  write_connect_attributes(writer, {{"", ""}, {"", "x"}});
  CHECK(to_hex(out) ==
        "00"
        "0500000001"
        "78");
  wire_reader reader(out);
  CHECK(read_connect_attributes(reader).empty());
  CHECK(read_connect_attributes(reader) == connect_attributes{{"", ""}, {"", "x"}});
  CHECK(reader.ok());
}

TEST_CASE("connect attributes: a block longer than 250 bytes") {
  const connect_attributes large = {{"program_name", std::string(70000, 'p')}};
  bytes out;
  wire_writer writer(out);
  write_connect_attributes(writer, large);
  wire_reader reader(out);
  CHECK(read_connect_attributes(reader) == large);
  CHECK(reader.at_end());
}

TEST_CASE("connect attributes: every truncation of the block makes the reader fail") {
  for_each_prefix(two_block, [](bytes_view prefix) {
    wire_reader reader(prefix);
    CHECK(read_connect_attributes(reader).empty());
    CHECK_FALSE(reader.ok());
  });
}

TEST_CASE("connect attributes: hostile block lengths make the reader fail") {
  const auto raw = GENERATE("feffffffffffffffff0161"_hex, "fe00000000000000800161"_hex, "fb"_hex, "ff"_hex);
  wire_reader reader(raw);
  CHECK(read_connect_attributes(reader).empty());
  CHECK_FALSE(reader.ok());
}

TEST_CASE("connect attributes: pairs up to the first that does not fit its block") {
  // "a"="b", then a name without a value, a value that is too long, or an impossible length
  const auto raw = GENERATE("06 01610162 0163 77"_hex, "08 01610162 0163 0978 77"_hex, "05 01610162 ff 77"_hex,
                            "0d 01610162 feffffffffffffffff 77"_hex);
  wire_reader reader(raw);
  CHECK(read_connect_attributes(reader) == connect_attributes{{"a", "b"}});
  CHECK(reader.ok());
  CHECK(reader.read_u8() == 0x77);
}
