#include "proxy/text_answer.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/result_set_writer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string_view>

using namespace sessiongate;
using namespace sessiongate::proxy;

namespace {

void append(protocol::bytes& to, protocol::bytes_view payload) {
  std::uint8_t sequence_id = 1;
  protocol::append_packet(to, sequence_id, payload);
}

protocol::bytes result_set(protocol::capabilities negotiated) {
  const std::array<protocol::result_column, 2> columns{
      {{"a", protocol::column_type::text}, {"b", protocol::column_type::unsigned_integer}}};
  const std::array<protocol::result_row, 3> rows{
      {{std::string("x"), std::uint64_t{5}}, {std::monostate(), std::uint64_t{0}}, {std::string(), std::monostate()}}};
  protocol::bytes made;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(made, sequence_id, columns, rows, protocol::row_format::text, negotiated, 0);
  return made;
}

}  // namespace

TEST_CASE("text answers: rows, with NULL and empty apart, in every layout") {
  for (const protocol::capabilities negotiated :
       {protocol::capabilities{0}, protocol::client_deprecate_eof, protocol::client_optional_resultset_metadata,
        protocol::client_deprecate_eof | protocol::mariadb_cache_metadata}) {
    CAPTURE(negotiated);
    const auto whole = result_set(negotiated);
    const auto read = read_answer(whole, negotiated);
    CHECK_FALSE(read.malformed);
    CHECK_FALSE(read.error);
    REQUIRE(read.rows.size() == 3);
    CHECK(read.rows[0] == std::vector<nullable_text>{"x", "5"});
    CHECK(read.rows[1] == std::vector<nullable_text>{std::nullopt, "0"});
    CHECK(read.rows[2] == std::vector<nullable_text>{"", std::nullopt});
    REQUIRE(read.columns.size() == 2);
    CHECK(read.columns[0].collation == 45);
    CHECK(read.columns[1].type == text_column::type_longlong);
    CHECK((read.columns[1].flags & text_column::flag_unsigned) != 0);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(read_answer(protocol::bytes_view(whole).first(size), negotiated).malformed);
    }
  }
}

TEST_CASE("text answers: binary rows of texts") {
  std::vector<protocol::result_column> columns;
  protocol::result_row row;
  for (int each = 0; each < 10; ++each) {  // the map of NULLs takes two bytes
    columns.push_back({"a", protocol::column_type::text});
    row.emplace_back(std::string(1, static_cast<char>('0' + each)));
  }
  row[6] = row[9] = std::monostate();
  const std::array rows{row};
  protocol::bytes made;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(made, sequence_id, columns, rows, protocol::row_format::binary, 0, 0);
  const auto read = read_answer(made, 0, protocol::row_format::binary);
  CHECK_FALSE(read.malformed);
  REQUIRE(read.rows.size() == 1);
  CHECK(read.rows[0] == std::vector<nullable_text>{"0", "1", "2", "3", "4", "5", std::nullopt, "7", "8", std::nullopt});
  for (std::size_t size = 0; size < made.size(); ++size) {
    CHECK(read_answer(protocol::bytes_view(made).first(size), 0, protocol::row_format::binary).malformed);
  }
}

TEST_CASE("text answers: OK, with whatever it reports, and ERR") {
  constexpr auto negotiated = protocol::client_protocol_41 | protocol::client_session_track;
  constexpr std::string_view change(
      "\0\x0f\x0a"
      "autocommit"
      "\x03"
      "OFF",
      17);
  protocol::ok_packet ok;
  ok.status = protocol::status_session_state_changed;
  ok.state_info = change;
  protocol::bytes payload;
  protocol::write_ok_packet(payload, ok, negotiated);
  protocol::bytes packets;
  append(packets, payload);
  const auto read = read_answer(packets, negotiated);
  CHECK_FALSE(read.malformed);
  CHECK_FALSE(read.error);
  CHECK(read.rows.empty());

  payload.clear();
  protocol::write_err_packet(payload, {1193, "HY000", "Unknown system variable"});
  packets.clear();
  append(packets, payload);
  const auto refused = read_answer(packets, negotiated);
  REQUIRE(refused.error);
  CHECK(refused.error->code == 1193);
  CHECK(read_answer({}, negotiated).malformed);
}
