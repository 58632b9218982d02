#include "admin/breather.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

namespace sessiongate::admin {
namespace {

/// How often this thread has gone to sleep by itself.
long sleeps() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_nvcsw;
}

TEST_CASE("who works for long sleeps now and then", "[admin][breather]") {
  const auto before = sleeps();
  breather pause;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (sleeps() - before <= 3 && std::chrono::steady_clock::now() < end) pause.step();
  CHECK(sleeps() - before > 3);
}

TEST_CASE("a few rows are done in one go", "[admin][breather]") {
  const auto before = sleeps();
  breather pause;
  for (int row = 0; row < 15; ++row) pause.step();
  CHECK(sleeps() == before);
}

}  // namespace
}  // namespace sessiongate::admin
