#include "proxy/task.hpp"

#include "proxy/loopback.hpp"
#include "proxy/wait_slot.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <stdexcept>

using namespace sessiongate::proxy;
namespace asio = boost::asio;

namespace {

task<int> add(int left, int right) {
  co_return left + right;
}

task<int> add_up(int count) {
  int sum = 0;
  for (int index = 0; index < count; ++index) sum = co_await add(sum, 1);
  co_return sum;
}

task<std::unique_ptr<int>> make_owned(int value) {
  co_return std::make_unique<int>(value);
}

task<int> refuse(int /*value*/) {
  throw std::runtime_error("refused");
  co_return 0;
}

task<int> wait_and_add(wait_slot& slot, int left, int right) {
  co_await slot.until_woken();
  co_return left + right;
}

task<int> nest(wait_slot& slot, int depth) {
  if (depth == 0) co_return co_await wait_and_add(slot, 1, 1);
  const auto inner = co_await nest(slot, depth - 1);
  co_return inner + 1;
}

task<> note_start(bool& started, std::shared_ptr<int> /*kept*/) {
  started = true;
  co_return;
}

detached_task run_detached(wait_slot& slot, std::shared_ptr<int> kept, bool& ended) {
  *kept += 1;
  co_await slot.until_woken();
  *kept += 1;
  ended = true;
}

/// What a coroutine under test gives, for those who cannot await it.
template <class T>
detached_task store(task<T> body, std::optional<T>& value, std::exception_ptr& failure) {
  try {
    value = co_await std::move(body);
  } catch (...) {
    failure = std::current_exception();
  }
}

template <class T>
T result_of(task<T> body) {
  std::optional<T> value;
  std::exception_ptr failure;
  store(std::move(body), value, failure);
  if (failure) std::rethrow_exception(failure);
  REQUIRE(value);
  return std::move(*value);
}

awaitable<int> double_later(int value) {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return value * 2;
}

awaitable<int> double_now(int value) {
  co_return value * 2;
}

awaitable<int> refuse_later(int value) {
  co_await double_later(value);
  throw std::runtime_error("refused later");
}

task<int> call_asio(asio::io_context& context, int value) {
  const auto now = co_await asio_call(context.get_executor(), double_now(value));
  const auto later = co_await asio_call(context.get_executor(), double_later(now));
  try {
    co_await asio_call(context.get_executor(), refuse_later(value));
  } catch (const std::runtime_error& error) {
    CHECK(std::string_view(error.what()) == "refused later");
    co_return later;
  }
  co_return 0;
}

task<> check_call(asio::io_context& context) {
  const auto result = co_await call_asio(context, 5);
  CHECK(result == 20);
}

}  // namespace

TEST_CASE("a task gives its value to the one who awaits it") {
  CHECK(result_of(add(2, 3)) == 5);
  CHECK(*result_of(make_owned(7)) == 7);
}

TEST_CASE("a task starts when it is awaited, and one that never is frees what it holds") {
  bool started = false;
  const auto kept = std::make_shared<int>(0);
  {
    auto waiting = note_start(started, kept);
    CHECK(kept.use_count() == 2);
    auto moved = std::move(waiting);
    CHECK_FALSE(started);
  }
  CHECK_FALSE(started);
  CHECK(kept.use_count() == 1);
  asio::io_context context;
  test::run(context, note_start(started, kept));
  CHECK(started);
  CHECK(kept.use_count() == 1);
}

TEST_CASE("tasks that await one after the other do not use up the stack") {
  CHECK(result_of(add_up(300'000)) == 300'000);
}

TEST_CASE("an exception reaches the one who awaits") {
  CHECK_THROWS_WITH(result_of(refuse(1)), "refused");
}

TEST_CASE("a nested task waits, and its end resumes the whole chain") {
  wait_slot slot;
  std::optional<int> value;
  std::exception_ptr failure;
  store(nest(slot, 10), value, failure);
  CHECK_FALSE(value);
  REQUIRE(slot.occupied());
  slot.wake();
  CHECK(value == 12);
  CHECK_FALSE(failure);
}

TEST_CASE("a detached task starts at once and frees itself when it ends") {
  wait_slot slot;
  bool ended = false;
  const auto kept = std::make_shared<int>(0);
  run_detached(slot, kept, ended);
  CHECK(*kept == 1);
  CHECK(kept.use_count() == 2);
  slot.wake();
  CHECK(ended);
  CHECK(*kept == 2);
  CHECK(kept.use_count() == 1);
}

TEST_CASE("a task awaits Asio coroutines: values at once and later, and exceptions") {
  asio::io_context context;
  test::run(context, check_call(context));
}
