#include "proxy/wait_slot.hpp"

#include "proxy/loopback.hpp"

#include <boost/asio/detached.hpp>

using namespace sessiongate::proxy;

namespace {

detached_task wait_as_task(wait_slot& slot, int& wakes, int wanted) {
  while (wakes < wanted) {
    co_await slot.until_woken();
    ++wakes;
  }
}

awaitable<void> wait_as_coroutine(wait_slot& slot, int& wakes, int wanted) {
  while (wakes < wanted) {
    co_await slot.wait();
    ++wakes;
  }
}

/// Both kinds of waiters have to behave alike.
struct fixture {
  boost::asio::io_context context;
  wait_slot slot;
  int wakes = 0;

  void start_waiting(int wanted) {
    if (GENERATE(true, false)) {
      wait_as_task(slot, wakes, wanted);
    } else {
      boost::asio::co_spawn(context, wait_as_coroutine(slot, wakes, wanted), boost::asio::detached);
      context.poll();
    }
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a waiter runs on the stack of the one who wakes him") {
  CHECK_FALSE(slot.occupied());
  start_waiting(1);
  CHECK(slot.occupied());
  CHECK(wakes == 0);
  slot.wake();
  CHECK(wakes == 1);
  CHECK_FALSE(slot.occupied());
}

TEST_CASE_METHOD(fixture, "a waiter that waits again is woken by the next wake only") {
  start_waiting(2);
  slot.wake();
  CHECK(wakes == 1);
  CHECK(slot.occupied());
  slot.wake();
  CHECK(wakes == 2);
  CHECK_FALSE(slot.occupied());
}

TEST_CASE_METHOD(fixture, "a wake that nobody waits for is not kept") {
  slot.wake();
  start_waiting(1);
  CHECK(wakes == 0);
  slot.wake();
  slot.wake();
  CHECK(wakes == 1);
}

TEST_CASE_METHOD(fixture, "a waiter that was taken out is woken later, without the slot") {
  start_waiting(1);
  const auto waiter = slot.take();
  CHECK_FALSE(slot.occupied());
  slot.wake();
  CHECK(wakes == 0);
  waiter();
  CHECK(wakes == 1);
}
