#include "proxy/doorbell.hpp"

#include <catch2/catch.hpp>

#include <poll.h>
#include <thread>

using namespace sessiongate::proxy;

namespace {

bool is_readable(const doorbell& bell) {
  pollfd look{.fd = bell.descriptor(), .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a ring at one who is awake is answered, and costs no event") {
  doorbell bell;
  CHECK_FALSE(bell.answer());
  bell.ring();
  bell.ring();
  CHECK(bell.has_rung());
  CHECK_FALSE(bell.fall_asleep());
  CHECK(bell.answer());
  CHECK_FALSE(bell.answer());
  CHECK_FALSE(is_readable(bell));
}

TEST_CASE("a ring at a sleeper is an event") {
  doorbell bell;
  REQUIRE(bell.fall_asleep());
  CHECK_FALSE(is_readable(bell));
  bell.ring();
  CHECK(is_readable(bell));
  CHECK(bell.answer());
}

TEST_CASE("what was done before a ring is there for who answers") {
  doorbell bell;
  int done = 0;
  std::thread other([&] {
    done = 1;
    bell.ring();
  });
  while (!bell.answer()) std::this_thread::yield();
  CHECK(done == 1);
  other.join();
}
