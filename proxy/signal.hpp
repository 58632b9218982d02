// Lets one coroutine wait until another one on the same thread says that something has changed. Costs nothing while nobody
// waits.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sessiongate::proxy {

class signal {
 public:
  /// At most one waiter. Wakes at the next notify(): look at the condition again then.
  boost::asio::awaitable<void> wait() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    waiting_ = &timer;
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    waiting_ = nullptr;
  }

  void notify() {
    if (waiting_ != nullptr) waiting_->cancel();
  }

 private:
  boost::asio::steady_timer* waiting_ = nullptr;
};

}  // namespace sessiongate::proxy
