#include "admin/login_throttle.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::admin {
namespace {

using namespace std::chrono_literals;

const auto begin = login_throttle::clock::now();

TEST_CASE("the first failures cost nothing, the next ones more and more", "[admin][login_throttle]") {
  login_throttle throttle({.longest_delay = 1000ms, .first_delay = 200ms, .free_failures = 2});
  auto now = begin;
  const auto fail = [&] {
    const auto wait = throttle.admit("10.0.0.1", now);
    REQUIRE(wait);
    now += *wait;
    throttle.failed("10.0.0.1", now);
    return *wait;
  };
  CHECK(fail() == 0ms);
  CHECK(fail() == 0ms);
  CHECK(fail() == 200ms);
  CHECK(fail() == 400ms);
  CHECK(fail() == 800ms);
  CHECK(fail() == 1000ms);
  CHECK(fail() == 1000ms);
  CHECK(throttle.admit("10.0.0.2", now) == login_throttle::clock::duration{});
}

TEST_CASE("attempts at the same time wait one behind the other, and not longer than the limit",
          "[admin][login_throttle]") {
  login_throttle throttle({.longest_delay = 1000ms, .first_delay = 400ms, .free_failures = 1});
  throttle.failed("::1", begin);
  CHECK(throttle.admit("::1", begin) == 400ms);
  CHECK(throttle.admit("::1", begin) == 800ms);
  CHECK_FALSE(throttle.admit("::1", begin));
  CHECK_FALSE(throttle.admit("::1", begin));  // who is refused does not make it longer
  CHECK(throttle.admit("::1", begin + 400ms) == 800ms);
}

TEST_CASE("failures are forgotten after a while, and by a login with every right", "[admin][login_throttle]") {
  login_throttle throttle({.longest_delay = 1000ms, .first_delay = 500ms, .free_failures = 1, .forget_after = 60s});
  throttle.failed("10.0.0.1", begin);
  CHECK(throttle.admit("10.0.0.1", begin) == 500ms);
  CHECK(throttle.admit("10.0.0.1", begin + 59s) == 0ms);
  CHECK(throttle.sources() == 1);
  CHECK(throttle.admit("10.0.0.1", begin + 60s) == 0ms);
  CHECK(throttle.sources() == 0);
  throttle.failed("10.0.0.1", begin);
  throttle.succeeded_fully("10.0.0.1");
  CHECK(throttle.admit("10.0.0.1", begin) == 0ms);
}

TEST_CASE("a limit of zero lets nobody wait", "[admin][login_throttle]") {
  login_throttle throttle({.longest_delay = 0ms});
  for (int i = 0; i < 100; ++i) throttle.failed("10.0.0.1", begin);
  CHECK(throttle.admit("10.0.0.1", begin) == 0ms);
  CHECK(throttle.sources() == 0);
}

TEST_CASE("the table is bounded: who failed longest ago is forgotten", "[admin][login_throttle]") {
  login_throttle throttle({.longest_delay = 1000ms, .first_delay = 500ms, .free_failures = 0, .sources_max = 3});
  for (int i = 0; i < 100; ++i) throttle.failed("10.0.0." + std::to_string(i), begin + i * 1ms);
  CHECK(throttle.sources() == 3);
  CHECK(throttle.admit("10.0.0.99", begin + 100ms) > 0ms);
  CHECK(throttle.admit("10.0.0.96", begin + 100ms) == 0ms);
}

TEST_CASE("what addresses are counted by", "[admin][login_throttle]") {
  CHECK(throttle_key("10.0.0.1") == "10.0.0.1");
  CHECK(throttle_key("::ffff:10.0.0.1") == "10.0.0.1");
  CHECK(throttle_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
  CHECK(throttle_key("2001:db8:1:2::9") == "2001:db8:1:2::");
  CHECK(throttle_key("") == "");
}

}  // namespace
}  // namespace sessiongate::admin
