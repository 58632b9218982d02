#include "protocol/compressed_packet.hpp"

#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace sessiongate::protocol;

namespace {

compression_pool& pool() {
  static compression_pool shared;
  return shared;
}

bytes packet(std::uint8_t sequence_id, std::string_view payload) {
  bytes out;
  append_packet(out, sequence_id, as_bytes(payload));
  return out;
}

bytes write_all(compressed_writer& writer, bytes_view plain) {
  bytes out;
  while (!plain.empty()) plain = plain.subspan(writer.write(out, plain));
  return out;
}

struct head {
  std::size_t length;
  std::uint8_t sequence_id;
  std::size_t uncompressed;
};

/// The pieces' heads.
std::vector<head> heads(bytes_view coded) {
  std::vector<head> found;
  while (!coded.empty()) {
    const auto u24 = [&](std::size_t at) {
      return std::size_t{coded[at]} | std::size_t{coded[at + 1]} << 8U | std::size_t{coded[at + 2]} << 16U;
    };
    found.push_back({u24(0), coded[3], u24(4)});
    coded = coded.subspan(compressed_header_size + found.back().length);
  }
  return found;
}

/// Reads `coded` in pieces of `cut` bytes into buffers of `room` bytes.
result<bytes> read_all(compressed_reader& reader, bytes_view coded, std::size_t cut, std::size_t room) {
  bytes out;
  bytes buffer(room);
  while (!coded.empty() || reader.may_hold_output()) {
    auto input = coded.first(std::min(cut, coded.size()));
    coded = coded.subspan(input.size());
    do {
      const auto step = reader.read(input, buffer);
      if (!step) return step.error();
      out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(step->produced));
      input = input.subspan(step->consumed);
    } while (!input.empty() || reader.may_hold_output());
  }
  return out;
}

/// A packet of `size` bytes, its head among them, that can be compressed somewhat.
bytes some_packet(std::size_t size, std::uint8_t sequence_id = 1) {
  bytes text(size - packet_header_size);
  std::uint32_t state = 1;
  for (auto& each : text) {
    state = state * 1664525U + 1013904223U;
    each = static_cast<std::uint8_t>('a' + (state >> 28U));
  }
  return packet(sequence_id, as_text(text));
}

}  // namespace

TEST_CASE("compressed pieces give back what was written, cut anywhere") {
  const auto algorithm = GENERATE(compression::zlib, compression::zstd);
  const auto size = GENERATE(4U, 49U, 50U, 1000U, 65536U, 65537U, 300'000U);
  const auto cut = GENERATE(1U, 6U, 7U, 8U, 1000U, 1'000'000U);
  const auto room = GENERATE(1U, 100U, 65536U);
  if (size > 2000U * std::min(cut, room)) return;
  compressed_writer writer({.algorithm = algorithm, .sends_commands = false}, pool());
  compressed_reader reader(algorithm, false, pool());
  const auto plain = some_packet(size);
  for (int count = 0; count < 2; ++count) {
    const auto got = read_all(reader, write_all(writer, plain), cut, room);
    REQUIRE(got.has_value());
    CHECK(*got == plain);
  }
}

TEST_CASE("short pieces and those that would not get shorter are not compressed") {
  compressed_writer writer({.size_min = 50, .sends_commands = false}, pool());
  CHECK(heads(write_all(writer, packet(1, std::string(45, 'x'))))[0].uncompressed == 0);
  CHECK(heads(write_all(writer, packet(2, std::string(46, 'x'))))[0].uncompressed == 50);
  std::string noise(996, 0);
  std::uint32_t state = 7;
  for (auto& each : noise) each = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  const auto piece = heads(write_all(writer, packet(3, noise)))[0];
  CHECK(piece.uncompressed == 0);
  CHECK(piece.length == 1000);
}

TEST_CASE("the exact bytes of a piece that is not compressed") {
  compressed_writer writer({.sends_commands = true}, pool());
  const auto coded = write_all(writer, packet(0, "\x03SELECT 1"));
  CHECK(coded == bytes{0x0d, 0, 0, 0, 0, 0, 0, 0x09, 0, 0, 0, 3, 'S', 'E', 'L', 'E', 'C', 'T', ' ', '1'});
}

TEST_CASE("each command starts a piece with number 0, pipelined or not") {
  compressed_writer writer({.sends_commands = true}, pool());
  auto three = packet(0, "\x03SELECT 1");
  for (int count = 0; count < 2; ++count) {
    const auto next = packet(0, "\x03SELECT 2");
    three.insert(three.end(), next.begin(), next.end());
  }
  const auto pieces = heads(write_all(writer, three));
  REQUIRE(pieces.size() == 3);
  CHECK(std::ranges::all_of(pieces, [](const head& each) { return each.sequence_id == 0 && each.length == 13; }));
  const auto large = packet(0, std::string(200'000, 'x'));
  const auto many = heads(write_all(writer, large));
  REQUIRE(many.size() == 4);
  for (std::size_t at = 0; at < many.size(); ++at) CHECK(many[at].sequence_id == at);
}

TEST_CASE("a pipelined command's head is not cut by the size of a piece") {
  compressed_writer writer({.sends_commands = true}, pool());
  auto both = packet(0, std::string(65536 - 4 - 2, 'x'));  // the second head begins two bytes before the chunk's end
  const auto second = packet(0, "\x03SELECT 2");
  both.insert(both.end(), second.begin(), second.end());
  const auto pieces = heads(write_all(writer, both));
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[1].sequence_id == 0);
  CHECK(pieces[1].length == second.size());
}

TEST_CASE("an upload goes on with the numbers behind the server's, past 255") {
  compressed_writer writer({.sends_commands = true}, pool());
  CHECK(heads(write_all(writer, packet(0, "\x03LOAD")))[0].sequence_id == 0);
  writer.answer(2);  // the server's request for the file had number 1
  std::uint8_t expected = 2;
  for (std::uint8_t packet_id = 2, count = 0; count < 254; ++count, ++packet_id, ++expected) {
    CHECK(heads(write_all(writer, packet(packet_id, "line")))[0].sequence_id == expected);
  }
  CHECK(heads(write_all(writer, packet(0, "line")))[0].sequence_id == expected);  // no command
  writer.answer(9);
  CHECK(heads(write_all(writer, packet(0, "\x03SELECT 1")))[0].sequence_id == 0);  // this is one
}

TEST_CASE("an answer is counted on from the command, one end and the other") {
  compressed_writer writer({.sends_commands = false}, pool());
  compressed_reader reader(compression::zlib, false, pool());
  bytes buffer(100);
  const auto command = bytes{5, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 14};
  const auto half = reader.read(bytes_view(command).first(3), buffer);
  CHECK_FALSE(half->began);
  const auto rest = reader.read(bytes_view(command).subspan(3), buffer);
  CHECK(rest->began);
  writer.answer(reader.next_sequence_id());
  const auto pieces = heads(write_all(writer, some_packet(200'000)));
  for (std::size_t at = 0; at < pieces.size(); ++at) CHECK(pieces[at].sequence_id == at + 1);
}

TEST_CASE("pieces that are not what they say are refused") {
  const auto algorithm = GENERATE(compression::zlib, compression::zstd);
  compressed_writer writer({.algorithm = algorithm, .sends_commands = false}, pool());
  const auto good = write_all(writer, packet(1, std::string(996, 'x')));
  const auto cut = GENERATE(1U, 1000U);
  const auto refused = [&](const bytes& coded) {
    compressed_reader reader(algorithm, false, pool());
    return !read_all(reader, coded, cut, 65536);
  };
  auto longer = good;  // announces more than there is
  longer[4] = static_cast<std::uint8_t>(longer[4] + 1);
  CHECK(refused(longer));
  auto shorter = good;
  shorter[4] = static_cast<std::uint8_t>(shorter[4] - 1);
  CHECK(refused(shorter));
  auto junk = good;
  junk[7] ^= 0xFFU;
  CHECK(refused(junk));
  auto extra = good;  // bytes behind the end of the data
  extra[0] = static_cast<std::uint8_t>(extra[0] + 1);
  extra.push_back(0);
  CHECK(refused(extra));
  CHECK(refused(bytes{0, 0, 0, 0, 10, 0, 0}));
}

TEST_CASE("a head that arrives in halves is kept until it is whole, and still starts its piece") {
  const auto cut = GENERATE(1U, 2U, 3U);
  const bool sends_commands = GENERATE(true, false);
  compressed_writer writer({.sends_commands = sends_commands}, pool());
  const auto first = packet(sends_commands ? 0 : 1, std::string(100, 'x'));
  write_all(writer, first);
  const auto second = packet(sends_commands ? 0 : 1, "the next one");
  CHECK(write_all(writer, bytes_view(second).first(cut)).empty());
  const auto pieces = heads(write_all(writer, bytes_view(second).subspan(cut)));
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].length == packet_header_size);
  CHECK(pieces[0].sequence_id == (sends_commands ? 0 : 1));
  CHECK(pieces[1].sequence_id == (sends_commands ? 1 : 2));
}

TEST_CASE("responses to pipelined commands start anew, each behind its command") {
  compressed_writer writer({.sends_commands = false}, pool());
  writer.answer(1);
  auto responses = packet(1, "first of one");
  for (const auto sequence_id : bytes{2, 3, 1, 1, 2}) {
    const auto next = packet(sequence_id, "more");
    responses.insert(responses.end(), next.begin(), next.end());
  }
  const auto pieces = heads(write_all(writer, responses));
  REQUIRE(pieces.size() == 3);
  CHECK(std::ranges::all_of(pieces, [](const head& each) { return each.sequence_id == 1; }));
}

TEST_CASE("a command that is read in the middle of a response leaves the response's count alone") {
  compressed_writer writer({.sends_commands = false}, pool());
  writer.answer(1);
  CHECK(heads(write_all(writer, packet(1, "row")))[0].sequence_id == 1);
  CHECK(heads(write_all(writer, packet(2, "row")))[0].sequence_id == 2);
  writer.answer(1);
  CHECK(heads(write_all(writer, packet(3, "row")))[0].sequence_id == 3);
  CHECK(heads(write_all(writer, packet(1, "the next response")))[0].sequence_id == 1);
}

TEST_CASE("a response that is read in the middle of a command leaves the command's count alone") {
  compressed_writer writer({.sends_commands = true}, pool());
  auto large = packet(0, std::string(150'000, 'x'));
  bytes out;
  auto rest = bytes_view(large);
  rest = rest.subspan(writer.write(out, rest));
  writer.answer(9);
  while (!rest.empty()) rest = rest.subspan(writer.write(out, rest));
  const auto pieces = heads(out);
  REQUIRE(pieces.size() == 3);
  for (std::size_t at = 0; at < pieces.size(); ++at) CHECK(pieces[at].sequence_id == at);
}

TEST_CASE("last words to an idle client count on from the command that it is about to send") {
  compressed_writer writer({.sends_commands = false}, pool());
  writer.answer(1);
  auto response = packet(1, "one");
  const auto second = packet(2, "two");
  response.insert(response.end(), second.begin(), second.end());
  write_all(writer, response);
  CHECK(heads(write_all(writer, packet(1, "it was idle")))[0].sequence_id == 1);
}

TEST_CASE("what came before a piece that is refused is given first") {
  compressed_writer writer({.sends_commands = false}, pool());
  const auto good = some_packet(300);
  auto coded = write_all(writer, good);
  const auto refused = bytes{5, 0, 0, 1, 16, 0, 0, 'j', 'u', 'n', 'k', '!'};
  coded.insert(coded.end(), refused.begin(), refused.end());
  compressed_reader reader(compression::zlib, false, pool());
  bytes room(1000);
  const auto step = reader.read(coded, room);
  REQUIRE(step.has_value());
  CHECK(step->produced == good.size());
  CHECK(reader.may_hold_output());
  CHECK(reader.read({}, room).error() == errc::malformed_compression);
}

TEST_CASE("a piece that would become very much larger is given out as there is room") {
  const auto algorithm = GENERATE(compression::zlib, compression::zstd);
  bytes coded;
  const bytes zeros(packet_payload_max, 0);
  REQUIRE(pool().output(algorithm).run(coded, zeros, 0));
  const auto size = static_cast<std::uint32_t>(coded.size());
  bytes piece{static_cast<std::uint8_t>(size),
              static_cast<std::uint8_t>(size >> 8U),
              static_cast<std::uint8_t>(size >> 16U),
              0,
              0xFF,
              0xFF,
              0xFF};
  piece.insert(piece.end(), coded.begin(), coded.end());
  compressed_reader reader(algorithm, false, pool());
  bytes_view input = piece;
  bytes room(4096);
  std::size_t total = 0;
  do {
    const auto step = reader.read(input, room);
    REQUIRE(step.has_value());
    input = input.subspan(step->consumed);
    total += step->produced;
  } while (!input.empty() || reader.may_hold_output());
  CHECK(total == packet_payload_max);
}
