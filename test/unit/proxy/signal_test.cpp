#include "proxy/signal.hpp"

#include "proxy/loopback.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

using sessiongate::proxy::awaitable;
using changed_signal = sessiongate::proxy::signal;
namespace asio = boost::asio;
namespace test = sessiongate::proxy::test;

namespace {

awaitable<void> wait_until(changed_signal& changed, const int& value, int wanted, int& looks) {
  while (true) {
    if (value >= wanted) co_return;
    co_await changed.wait();
    ++looks;
  }
}

}  // namespace

TEST_CASE("a waiter wakes at the next notification, and not before") {
  asio::io_context context;
  changed_signal changed;
  int value = 0;
  int looks = 0;
  asio::co_spawn(context, wait_until(changed, value, 2, looks), asio::detached);
  context.poll();
  CHECK(looks == 0);
  changed.notify();
  context.poll();
  CHECK(looks == 1);  // woken, looked, and waiting again
  value = 2;
  changed.notify();
  context.run();  // ends, for nobody waits any more
  CHECK(looks == 2);
}

TEST_CASE("a notification that nobody waits for is not kept") {
  asio::io_context context;
  changed_signal changed;
  changed.notify();
  int value = 0;
  int looks = 0;
  asio::co_spawn(context, wait_until(changed, value, 1, looks), asio::detached);
  context.poll();
  CHECK(looks == 0);
  value = 1;
  changed.notify();
  changed.notify();
  context.run();
  CHECK(looks == 1);
}

TEST_CASE("notifying after the wait has ended does nothing") {
  asio::io_context context;
  changed_signal changed;
  test::run(context, [&]() -> awaitable<void> {
    asio::post(context, [&] { changed.notify(); });
    co_await changed.wait();
  }());
  changed.notify();
  SUCCEED();
}
