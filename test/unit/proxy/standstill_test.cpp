#include "proxy/standstill.hpp"

#include <catch2/catch.hpp>

using sessiongate::proxy::standstill;
using std::chrono::seconds;

TEST_CASE("a standstill lasts from the first look at a number until another one is seen") {
  const standstill::clock::time_point begin{seconds(1000)};
  standstill still;
  CHECK(still.look(7, begin) == seconds(0));
  CHECK(still.look(7, begin + seconds(3)) == seconds(3));
  CHECK(still.look(8, begin + seconds(4)) == seconds(0));
  CHECK(still.look(8, begin + seconds(9)) == seconds(5));
  still.forget();
  CHECK(still.look(8, begin + seconds(10)) == seconds(0));
  CHECK(still.look(0, begin + seconds(11)) == seconds(0));
}
