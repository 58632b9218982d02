#include "protocol/result_set_writer.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

const std::vector<result_column> columns = {
    {"n", column_type::unsigned_integer}, {"m", column_type::signed_integer}, {"t", column_type::text}};
const std::vector<result_row> rows = {{std::uint64_t{18446744073709551615ULL}, std::int64_t{-1}, "a"},
                                      {std::monostate{}, std::int64_t{7}, std::monostate{}}};

const std::string definition_n = "03646566 00 00 00 016e 00 0c 3f00 14000000 08 a000 00 0000";
const std::string definition_m = "03646566 00 00 00 016d 00 0c 3f00 14000000 08 8000 00 0000";
const std::string definition_t = "03646566 00 00 00 0174 00 0c 2d00 00100000 fd 0000 1f 0000";

std::string squeeze(std::string text) {
  std::erase(text, ' ');
  return text;
}

/// The payloads in hexadecimal; checks lengths and numbering on the way.
std::vector<std::string> payloads_of(const bytes& stream, std::uint8_t first_id) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < stream.size();) {
    REQUIRE(stream.size() - at >= packet_header_size);
    const auto header = load_packet_header(stream.data() + at);
    CHECK(header.sequence_id == first_id++);
    at += packet_header_size;
    REQUIRE(stream.size() - at >= header.payload_length);
    out.push_back(to_hex(bytes_view(stream).subspan(at, header.payload_length)));
    at += header.payload_length;
  }
  return out;
}

std::vector<std::string> written(capabilities negotiated, row_format format) {
  bytes out;
  std::uint8_t sequence_id = 1;
  write_result_set(out, sequence_id, columns, rows, format, negotiated, status_autocommit);
  auto payloads = payloads_of(out, 1);
  CHECK(sequence_id == payloads.size() + 1);
  return payloads;
}

using payloads = std::vector<std::string>;

payloads squeezed(payloads list) {
  for (auto& one : list) one = squeeze(one);
  return list;
}

const std::string text_row_1 = squeeze("14 3138343436373434303733373039353531363135 02 2d31 01 61");
const std::string text_row_2 = squeeze("fb 01 37 fb");

}  // namespace

TEST_CASE("result set: text rows with EOF packets") {
  CHECK(written(client_protocol_41, row_format::text) ==
        squeezed({"03", definition_n, definition_m, definition_t, "fe00000200", text_row_1, text_row_2, "fe00000200"}));
}

TEST_CASE("result set: with client_deprecate_eof only an OK at the end") {
  CHECK(written(client_protocol_41 | client_deprecate_eof | client_session_track, row_format::text) ==
        squeezed({"03", definition_n, definition_m, definition_t, text_row_1, text_row_2, "fe000002000000"}));
}

TEST_CASE("result set: binary rows have their null bitmap shifted by two bits") {
  const auto list = written(client_protocol_41 | client_deprecate_eof, row_format::binary);
  REQUIRE(list.size() == 7);
  CHECK(list[4] == squeeze("00 00 ffffffffffffffff ffffffffffffffff 01 61"));
  CHECK(list[5] == squeeze("00 14 0700000000000000"));
}

TEST_CASE("result set: the null bitmap of many columns") {
  const std::vector<result_column> seven(7, result_column{"c", column_type::text});
  result_row row(7, std::string("x"));
  row[5] = std::monostate{};
  row[6] = std::monostate{};
  bytes out;
  std::uint8_t sequence_id = 0;
  write_result_set(out, sequence_id, seven, std::vector<result_row>{row}, row_format::binary, client_deprecate_eof, 0);
  CHECK(payloads_of(out, 0)[8] == squeeze("00 80 01 0178 0178 0178 0178 0178"));
}

TEST_CASE("result set: the metadata byte stands behind the count, for MySQL and for MariaDB") {
  CHECK(written(client_optional_resultset_metadata, row_format::text)[0] == "0301");
  CHECK(written(mariadb_cache_metadata, row_format::text)[0] == "0301");
}

TEST_CASE("result set: extended metadata adds an empty string behind the original name") {
  const auto list = written(mariadb_extended_metadata, row_format::text);
  CHECK(list[1] == squeeze("03646566 00 00 00 016e 00 00 0c 3f00 14000000 08 a000 00 0000"));
}

TEST_CASE("result set: without rows") {
  bytes out;
  std::uint8_t sequence_id = 1;
  write_result_set(out, sequence_id, columns, {}, row_format::text, client_protocol_41, status_in_transaction);
  CHECK(payloads_of(out, 1) == squeezed({"03", definition_n, definition_m, definition_t, "fe00000100", "fe00000100"}));
}

TEST_CASE("result set: sequence ids wrap in long results") {
  const std::vector<result_row> many(600, result_row{std::uint64_t{1}, std::int64_t{1}, ""});
  bytes out;
  std::uint8_t sequence_id = 1;
  write_result_set(out, sequence_id, columns, many, row_format::text, client_deprecate_eof, 0);
  CHECK(payloads_of(out, 1).size() == 605);
  CHECK(sequence_id == (1 + 605) % 256);
}

TEST_CASE("result set: a row of 16 MiB goes in two packets") {
  const std::vector<result_column> one = {{"c", column_type::text}};
  const std::vector<result_row> large = {{std::string(0xFFFFFF, 'x')}};
  bytes out;
  std::uint8_t sequence_id = 0;
  write_result_set(out, sequence_id, one, large, row_format::text, client_deprecate_eof, 0);
  const auto list = payloads_of(out, 0);
  REQUIRE(list.size() == 5);
  CHECK(list[2].size() == 2 * std::size_t{0xFFFFFF});
  CHECK(list[3] == "78787878");
}

TEST_CASE("prepare response: parameters and columns, each ended by EOF") {
  bytes out;
  std::uint8_t sequence_id = 1;
  write_prepare_response(out, sequence_id, 0x01020304, std::span(columns).first(1), 2, client_protocol_41,
                         status_autocommit);
  const std::string parameter = "03646566 00 00 00 013f 00 0c 2d00 00100000 fd 0000 1f 0000";
  CHECK(payloads_of(out, 1) ==
        squeezed({"00 04030201 0100 0200 00 0000", parameter, parameter, "fe00000200", definition_n, "fe00000200"}));
  CHECK(sequence_id == 7);
}

TEST_CASE("prepare response: no EOF with client_deprecate_eof, none for what is not there") {
  bytes out;
  std::uint8_t sequence_id = 1;
  SECTION("deprecated") {
    write_prepare_response(out, sequence_id, 1, std::span(columns).first(1), 1, client_deprecate_eof, 0);
    CHECK(payloads_of(out, 1).size() == 3);
  }
  SECTION("no parameters") {
    write_prepare_response(out, sequence_id, 1, std::span(columns).first(1), 0, client_protocol_41, 0);
    CHECK(payloads_of(out, 1).size() == 3);
  }
  SECTION("neither") {
    write_prepare_response(out, sequence_id, 1, {}, 0, client_protocol_41, 0);
    CHECK(payloads_of(out, 1) == payloads{"000100000000000000000000"});
  }
  SECTION("optional metadata") {
    write_prepare_response(out, sequence_id, 1, {}, 0, client_optional_resultset_metadata, 0);
    CHECK(payloads_of(out, 1) == payloads{"00010000000000000000000001"});
  }
}
