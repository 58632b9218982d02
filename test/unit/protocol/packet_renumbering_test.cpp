#include "protocol/packet_renumbering.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;

namespace {

/// The id that a packet of `size` bytes gets in one piece of its own.
std::uint8_t id_in_piece(packet_renumbering& ids, std::uint8_t number, std::size_t size = 1) {
  bytes packet(packet_header_size + size, 0);
  packet[0] = static_cast<std::uint8_t>(size);
  packet[1] = static_cast<std::uint8_t>(size >> 8U);
  packet[2] = static_cast<std::uint8_t>(size >> 16U);
  packet[3] = 77;
  ids.begin_piece(number);
  const std::span<std::uint8_t> whole(packet);
  ids.apply(whole.first(2));
  ids.apply(whole.subspan(2));
  return packet[3];
}

}  // namespace

TEST_CASE("commands have the id 0, one behind the other or in one piece") {
  packet_renumbering ids(true);
  CHECK(id_in_piece(ids, 0) == 0);
  ids.wrote(5, true, 2);
  CHECK(id_in_piece(ids, 0) == 0);
  CHECK(id_in_piece(ids, 0) == 0);
  bytes two{1, 0, 0, 9, 14, 1, 0, 0, 9, 14};
  ids.begin_piece(0);
  ids.apply(two);
  CHECK(two == bytes{1, 0, 0, 0, 14, 1, 0, 0, 0, 14});
}

TEST_CASE("the parts of a long command are counted") {
  packet_renumbering ids(true);
  CHECK(id_in_piece(ids, 0, packet_payload_max) == 0);
  CHECK(id_in_piece(ids, 1, packet_payload_max) == 1);
  CHECK(id_in_piece(ids, 2) == 2);
  ids.wrote(3, true, 4);
  CHECK(id_in_piece(ids, 0) == 0);
}

TEST_CASE("an upload is counted on from the server's request, and a command behind it is one") {
  packet_renumbering ids(true);
  CHECK(id_in_piece(ids, 0) == 0);
  ids.wrote(1, true, 2);
  for (unsigned expected = 2; expected < 600; ++expected)
    REQUIRE(id_in_piece(ids, static_cast<std::uint8_t>(expected)) == static_cast<std::uint8_t>(expected));
  ids.wrote(88, true, 89);
  CHECK(id_in_piece(ids, 0) == 0);
}

TEST_CASE("a response is counted on from its command, whatever the server writes") {
  packet_renumbering ids(false);
  ids.wrote(0, true, 1);
  CHECK(id_in_piece(ids, 1) == 1);
  CHECK(id_in_piece(ids, 2) == 2);
  ids.wrote(0, true, 1);  // sent ahead
  CHECK(id_in_piece(ids, 3) == 3);
  CHECK(id_in_piece(ids, 1) == 1);
  CHECK(id_in_piece(ids, 1) == 1);  // of another that was sent ahead
  ids.wrote(1, true, 2);            // a command of two packets
  CHECK(id_in_piece(ids, 2) == 2);
  ids.wrote(9, true, 10);  // an upload
  CHECK(id_in_piece(ids, 10) == 10);
}
