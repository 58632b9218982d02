#include "admin/lanes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace sessiongate::admin {
namespace {

namespace asio = boost::asio;

struct work {
  std::vector<std::size_t> begun;
  std::size_t now = 0;
  std::size_t most = 0;
  std::size_t ended = 0;

  asio::awaitable<void> run(std::size_t at) {
    begun.push_back(at);
    most = std::max(most, ++now);
    for (std::size_t turn = 0; turn <= at % 3; ++turn) {
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    --now;
    ++ended;
    if (at == 77) throw std::runtime_error("at 77");
  }

  bool run_all(std::size_t count, std::size_t at_once) {
    asio::io_context io(1);
    bool failed = false;
    asio::co_spawn(io, run_in_lanes(count, at_once, [this](std::size_t at) { return run(at); }),
                   [&](const std::exception_ptr& error) { failed = error != nullptr; });
    io.run();
    return !failed;
  }
};

TEST_CASE("everything is run, in order, so many at a time", "[admin][lanes]") {
  for (const auto& [count, at_once, most] :
       std::vector<std::array<std::size_t, 3>>{{0, 4, 0}, {1, 4, 1}, {10, 1, 1}, {10, 4, 4}, {3, 100, 3}, {5, 0, 1}}) {
    CAPTURE(count, at_once);
    work all;
    CHECK(all.run_all(count, at_once));
    CHECK(all.ended == count);
    CHECK(all.most == most);
    CHECK(std::ranges::is_sorted(all.begun));
  }
}

TEST_CASE("what throws ends the others' turns, and is thrown again", "[admin][lanes]") {
  work all;
  CHECK_FALSE(all.run_all(200, 3));
  CHECK(all.now == 0);
  CHECK(all.ended >= 78);
  CHECK(all.ended < 85);
}

}  // namespace
}  // namespace sessiongate::admin
