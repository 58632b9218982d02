#include "proxy/shared_pause.hpp"

#include <catch2/catch.hpp>

namespace sessiongate::proxy {
namespace {

using std::chrono::milliseconds;

TEST_CASE("while it is there everybody may try") {
  shared_pause pause;
  const auto now = shared_pause::clock::now();
  CHECK(pause.may_try(now));
  CHECK(pause.may_try(now));
}

TEST_CASE("while it is away one tries for all, at growing intervals") {
  shared_pause pause;
  auto now = shared_pause::clock::now();
  pause.failed(now);
  CHECK_FALSE(pause.may_try(now));
  CHECK_FALSE(pause.may_try(now + milliseconds(49)));
  now += milliseconds(50);
  CHECK(pause.may_try(now));
  CHECK_FALSE(pause.may_try(now));  // somebody is at it
  pause.failed(now);
  CHECK_FALSE(pause.may_try(now + milliseconds(99)));
  for (int each = 0; each < 10; ++each) pause.failed(now);
  CHECK_FALSE(pause.may_try(now + milliseconds(999)));
  CHECK(pause.may_try(now + milliseconds(1'000)));
  pause.succeeded();
  CHECK(pause.may_try(now));
  pause.failed(now);
  CHECK(pause.may_try(now + milliseconds(50)));
}

}  // namespace
}  // namespace sessiongate::proxy
