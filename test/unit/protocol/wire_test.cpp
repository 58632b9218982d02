#include "protocol/wire.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

TEST_CASE("wire: integers are little endian") {
  const auto raw = "01 0302 060504 0a090807 1211100f0e0d0c0b"_hex;
  wire_reader reader(raw);
  CHECK(reader.read_u8() == 0x01);
  CHECK(reader.read_u16() == 0x0203);
  CHECK(reader.read_u24() == 0x040506);
  CHECK(reader.read_u32() == 0x0708090a);
  CHECK(reader.read_u64() == 0x0b0c0d0e0f101112);
  CHECK(reader.ok());
  CHECK(reader.at_end());

  bytes out;
  wire_writer writer(out);
  writer.write_u8(0x01);
  writer.write_u16(0x0203);
  writer.write_u24(0x040506);
  writer.write_u32(0x0708090a);
  writer.write_u64(0x0b0c0d0e0f101112);
  CHECK(out == raw);
}

TEST_CASE("wire: length-encoded integers at the borders of their forms") {
  const auto [value, form] = GENERATE(table<std::uint64_t, std::string>({
      {0, "00"},
      {0xFA, "fa"},
      {0xFB, "fcfb00"},
      {0xFFFF, "fcffff"},
      {0x10000, "fd000001"},
      {0xFFFFFF, "fdffffff"},
      {0x1000000, "fe0000000100000000"},
      {0xFFFFFFFFFFFFFFFF, "feffffffffffffffff"},
  }));
  bytes out;
  wire_writer(out).write_lenenc_int(value);
  CHECK(to_hex(out) == form);
  wire_reader reader(out);
  CHECK(reader.read_lenenc_int() == value);
  CHECK(reader.ok());
  CHECK(reader.at_end());
  for_each_prefix(out, [](bytes_view prefix) {
    wire_reader truncated(prefix);
    CHECK(truncated.read_lenenc_int() == 0);
    CHECK_FALSE(truncated.ok());
  });
}

TEST_CASE("wire: a longer form than needed is read as servers read it") {
  const auto raw = "fc0100 fd010000 fe0100000000000000"_hex;
  wire_reader reader(raw);
  for (int i = 0; i < 3; ++i) CHECK(reader.read_lenenc_int() == 1);
  CHECK(reader.ok());
}

TEST_CASE("wire: NULL and 0xFF are no length-encoded integers") {
  const auto raw = GENERATE("fb0000"_hex, "ff0000"_hex);
  wire_reader reader(raw);
  CHECK(reader.read_lenenc_int() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("wire: a length that is not there gives an empty string and no ok") {
  const auto raw = GENERATE("0461"_hex, "feffffffffffffffff61"_hex, "fe000000000000008061"_hex, "fdffffff61"_hex);
  wire_reader reader(raw);
  CHECK(reader.read_lenenc_string().empty());
  CHECK_FALSE(reader.ok());
}

TEST_CASE("wire: the four kinds of string") {
  const auto raw = "026162 6300 646566 00 67"_hex;
  wire_reader reader(raw);
  CHECK(reader.read_lenenc_string() == "ab");
  CHECK(reader.read_null_string() == "c");
  CHECK(reader.read_string(3) == "def");
  CHECK(reader.peek() == 0);
  reader.skip(1);
  CHECK(reader.read_rest() == "g");
  CHECK(reader.ok());

  bytes out;
  wire_writer writer(out);
  writer.write_lenenc_string("ab");
  writer.write_null_string("c");
  writer.write_string("def");
  writer.write_zeros(1);
  writer.write_string("g");
  CHECK(out == raw);
}

TEST_CASE("wire: the last string may lack its zero byte, others may not") {
  const auto raw = to_bytes("abc");
  wire_reader strict(raw);
  CHECK(strict.read_null_string().empty());
  CHECK_FALSE(strict.ok());
  wire_reader last(raw);
  CHECK(last.read_last_string() == "abc");
  CHECK(last.ok());
  CHECK(last.at_end());
  CHECK(last.read_last_string().empty());
  CHECK(last.ok());
}

TEST_CASE("wire: after a failure everything is zero or empty, for good") {
  const auto raw = "0102030405060708"_hex;
  wire_reader reader(raw);
  CHECK(reader.read_string(9).empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.read_u8() == 0);
  CHECK(reader.read_lenenc_int() == 0);
  CHECK(reader.read_rest().empty());
  CHECK(reader.remaining() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("wire: skip does not wrap around") {
  const auto raw = "0102"_hex;
  wire_reader reader(raw);
  reader.skip(static_cast<std::size_t>(-1));
  CHECK_FALSE(reader.ok());
}
