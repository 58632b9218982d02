#include "admin/lanes.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace sessiongate::admin {

namespace {

namespace asio = boost::asio;

/// Shared by the lanes and who waits for them: each may be the last to let go when the executor goes down.
struct lanes {
  asio::steady_timer ended;
  std::size_t count;
  std::function<asio::awaitable<void>(std::size_t)> task;
  std::size_t next = 0;
  std::size_t running = 0;
  std::exception_ptr error{};
};

asio::awaitable<void> run_lane(std::shared_ptr<lanes> shared) {
  while (shared->next < shared->count && !shared->error) co_await shared->task(shared->next++);
}

void end_lane(lanes& shared, const std::exception_ptr& error) {
  if (error && !shared.error) shared.error = error;
  if (--shared.running == 0) shared.ended.cancel();
}

}  // namespace

asio::awaitable<void> run_in_lanes(std::size_t count, std::size_t at_once,
                                   std::function<asio::awaitable<void>(std::size_t)> task) {
  const auto executor = co_await asio::this_coro::executor;
  const auto shared = std::make_shared<lanes>(asio::steady_timer(executor, asio::steady_timer::time_point::max()),
                                              count, std::move(task));
  shared->running = std::min(count, std::max<std::size_t>(at_once, 1));
  for (auto left = shared->running; left > 0; --left) {
    asio::co_spawn(executor, run_lane(shared), [shared](const std::exception_ptr& error) { end_lane(*shared, error); });
  }
  while (shared->running > 0) co_await shared->ended.async_wait(asio::as_tuple(asio::use_awaitable));
  if (shared->error) std::rethrow_exception(shared->error);
}

}  // namespace sessiongate::admin
