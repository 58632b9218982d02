#include "protocol/errc.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace sessiongate::protocol;

TEST_CASE("errc: every code has a message of its own") {
  std::set<std::string> messages;
  for (int value = 1; value <= 5; ++value) messages.insert(boost::system::error_code(value, category()).message());
  CHECK(messages.size() == 5);
  CHECK(messages.count("unknown protocol error") == 0);
  CHECK(boost::system::error_code(99, category()).message() == "unknown protocol error");
}

TEST_CASE("errc: converts to an error_code of this room's category") {
  const boost::system::error_code code = errc::malformed_field;
  CHECK(code == make_error_code(errc::malformed_field));
  CHECK(code.category() == category());
  CHECK(std::string(code.category().name()) == "sessiongate.protocol");
}
