#include "protocol/err_packet.hpp"

#include "test/unit/protocol/test_bytes.hpp"

#include <catch2/catch.hpp>

using namespace sessiongate::protocol;
using namespace sessiongate::test;

namespace {

const bytes documented = join("ff4804"_hex, to_bytes("#HY000No tables used"));
const bytes without_sqlstate = join("ff1004"_hex, to_bytes("Too many connections"));

std::string rewritten(const server_error& value) {
  bytes out;
  write_err_packet(out, value);
  return to_hex(out);
}

}  // namespace

TEST_CASE("err packet: the documented example") {
  const auto parsed = parse_err_packet(documented);
  REQUIRE(parsed.has_value());
  CHECK(parsed->code == 1096);
  CHECK(parsed->sqlstate == "HY000");
  CHECK(parsed->message == "No tables used");
  CHECK(rewritten(*parsed) == to_hex(documented));
}

TEST_CASE("err packet: in place of a greeting there is no SQLSTATE") {
  const auto parsed = parse_err_packet(without_sqlstate);
  REQUIRE(parsed.has_value());
  CHECK(parsed->code == er::con_count_error);
  CHECK(parsed->sqlstate.empty());
  CHECK(parsed->message == "Too many connections");
  CHECK(rewritten(*parsed) == to_hex(without_sqlstate));
}

TEST_CASE("err packet: every truncation") {
  for_each_prefix(documented, [](bytes_view prefix) {
    CAPTURE(prefix.size());
    const auto outcome = parse_err_packet(prefix);
    if (prefix.size() == 3) {  // a number alone
      CHECK(outcome.value().message.empty());
    } else if (prefix.size() < 9) {
      CHECK(is_refused(outcome, errc::incomplete_message));
    } else {
      CHECK(outcome.value().sqlstate == "HY000");
      CHECK(outcome.value().message == as_text(prefix.subspan(9)));
    }
  });
}

TEST_CASE("err packet: a message that starts with the marker's character") {
  const server_error value{1105, "HY000", "#1 is taken"};
  bytes out;
  write_err_packet(out, value);
  const auto parsed = parse_err_packet(out);
  REQUIRE(parsed.has_value());
  CHECK(parsed->sqlstate == "HY000");
  CHECK(parsed->message == "#1 is taken");
}

TEST_CASE("err packet: an SQLSTATE that is none does not shift the message") {
  const auto state = GENERATE("HY0", "HY0000");
  CHECK(rewritten({1, state, "m"}) == to_hex(join("ff0100"_hex, to_bytes("#HY000m"))));
}

TEST_CASE("err packet: what is one") {
  CHECK(is_err_packet(documented));
  CHECK_FALSE(is_err_packet({}));
  CHECK_FALSE(is_err_packet("00"_hex));
  CHECK(is_refused(parse_err_packet("00000002000000"_hex), errc::malformed_field));
}
