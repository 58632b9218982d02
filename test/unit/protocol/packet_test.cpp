#include "protocol/packet.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

std::vector<packet_header> headers_of(const bytes& stream) {
  std::vector<packet_header> out;
  for (std::size_t at = 0; at < stream.size(); at += packet_header_size + out.back().payload_length) {
    REQUIRE(stream.size() - at >= packet_header_size);
    out.push_back(load_packet_header(stream.data() + at));
  }
  return out;
}

}  // namespace

TEST_CASE("packet: header before the payload") {
  bytes out = "ee"_hex;
  std::uint8_t sequence_id = 3;
  append_packet(out, sequence_id, "0102"_hex);
  CHECK(to_hex(out) == "ee020000030102");
  CHECK(sequence_id == 4);
}

TEST_CASE("packet: an empty payload is a packet") {
  bytes out;
  std::uint8_t sequence_id = 0;
  append_packet(out, sequence_id, {});
  CHECK(to_hex(out) == "00000000");
  CHECK(sequence_id == 1);
}

TEST_CASE("packet: the sequence id wraps") {
  bytes out;
  std::uint8_t sequence_id = 255;
  append_packet(out, sequence_id, "aa"_hex);
  CHECK(to_hex(out) == "010000ffaa");
  CHECK(sequence_id == 0);
}

TEST_CASE("packet: long payloads are cut, and a multiple of the maximum ends with an empty packet") {
  const auto [size, lengths] = GENERATE(table<std::size_t, std::vector<std::uint32_t>>({
      {0xFFFFFE, {0xFFFFFE}},
      {0xFFFFFF, {0xFFFFFF, 0}},
      {0x1000000, {0xFFFFFF, 1}},
      {0x1FFFFFE, {0xFFFFFF, 0xFFFFFF, 0}},
  }));
  bytes out;
  std::uint8_t sequence_id = 254;
  append_packet(out, sequence_id, bytes(size, std::uint8_t{7}));
  const auto headers = headers_of(out);
  REQUIRE(headers.size() == lengths.size());
  std::uint8_t expected_id = 254;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    CHECK(headers[i].payload_length == lengths[i]);
    CHECK(headers[i].sequence_id == expected_id++);
  }
  CHECK(sequence_id == expected_id);
  CHECK(out.size() == size + packet_header_size * lengths.size());
}
