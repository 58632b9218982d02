#include "proxy/round_watch.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace sessiongate::proxy;
using namespace std::chrono_literals;

TEST_CASE("the longest round is told, and sleeping between rounds is none") {
  round_watch rounds;
  CHECK(rounds.longest() == 0ns);
  rounds.begin();
  std::this_thread::sleep_for(5ms);
  rounds.end();
  const auto longest = rounds.longest();
  CHECK(longest >= 4900us);
  std::this_thread::sleep_for(longest + 20ms);
  rounds.begin();
  rounds.end();
  CHECK(rounds.longest() < longest + 10ms);
  CHECK(rounds.longest() > longest - 1ms);  // the same, by a clock whose rate is known a little better
}
