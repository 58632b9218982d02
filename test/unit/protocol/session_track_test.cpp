#include "protocol/session_track.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

using kind = session_change_kind;

struct expected {
  kind what;
  std::string name;
  std::string value;
};

void check_changes(const bytes& raw, const std::vector<expected>& wanted) {
  const auto parsed = parse_session_changes(as_text(raw));
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(static_cast<int>((*parsed)[i].kind) == static_cast<int>(wanted[i].what));
    CHECK((*parsed)[i].name == wanted[i].name);
    CHECK((*parsed)[i].value == wanted[i].value);
  }
}

// MariaDB 10.11's answer to SET autocommit=0, sql_mode=''.
const bytes two_variables = join("00 0a 08"_hex, to_bytes("sql_mode"), "00 00 0f 0a"_hex, to_bytes("autocommit"),
                                 "03"_hex, to_bytes("OFF"), "02 01 31"_hex);

}  // namespace

TEST_CASE("session track: no changes") {
  check_changes({}, {});
}

TEST_CASE("session track: system variables and MariaDB's bare state byte") {
  check_changes(two_variables, {{kind::system_variable, "sql_mode", ""},
                                {kind::system_variable, "autocommit", "OFF"},
                                {kind::state_changed, "", "1"}});
}

TEST_CASE("session track: MySQL's length-encoded state flag") {
  check_changes("02 02 0131"_hex, {{kind::state_changed, "", "1"}});
}

TEST_CASE("session track: several variables in one entry") {
  check_changes("00 08 0161 0162 0163 0164"_hex,
                {{kind::system_variable, "a", "b"}, {kind::system_variable, "c", "d"}});
}

TEST_CASE("session track: schema and transaction") {
  check_changes(join("01 06 05"_hex, to_bytes("mysql"), "05 09 08"_hex, to_bytes("T_R___S_"), "04 01 00"_hex),
                {{kind::schema, "", "mysql"},
                 {kind::transaction_state, "", "T_R___S_"},
                 {kind::transaction_characteristics, "", ""}});
}

TEST_CASE("session track: gtids in the documented encoding and in one to come") {
  check_changes("03 05 00 03 783a31"_hex, {{kind::gtids, "", "x:1"}});
  check_changes("03 03 07 0102"_hex, {{kind::gtids, "", "\x07\x01\x02"}});
}

TEST_CASE("session track: unknown kinds keep their data and break nothing") {
  check_changes("2a 02 ffff 01 02 0164"_hex, {{static_cast<kind>(0x2a), "", "\xff\xff"}, {kind::schema, "", "d"}});
}

TEST_CASE("session track: every truncation is refused except between entries") {
  const std::set<std::size_t> entry_ends = {0, 12, 29};
  for_each_prefix(two_variables, [&](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_session_changes(as_text(prefix));
    if (entry_ends.count(prefix.size()) != 0) {
      CHECK(outcome.has_value());
    } else {
      CHECK(is_refused(outcome, errc::incomplete_message));
    }
  });
}

TEST_CASE("session track: lengths that do not fit") {
  CHECK(is_refused(parse_session_changes(as_text("00 feffffffffffffffff 0161"_hex)), errc::incomplete_message));
  CHECK(is_refused(parse_session_changes(as_text("00 fb"_hex)), errc::incomplete_message));
  const auto inner =
      GENERATE("00 00"_hex, "00 02 0161"_hex, "00 04 0161 0562"_hex, "00 05 0161 0162 01"_hex, "01 02 0561"_hex,
               "01 00"_hex, "04 01 ff"_hex, "05 09 feffffffffffffffff"_hex, "03 00"_hex, "03 02 0005"_hex);
  CHECK(is_refused(parse_session_changes(as_text(inner)), errc::malformed_field));
}
