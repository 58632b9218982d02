#include "admin/stop_wait.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace sessiongate::admin {

namespace {

namespace asio = boost::asio;

/// What the waiting coroutine and the handler share. The timer is the coroutine's: it is there exactly as long as that
/// waits, so a handler that comes late never touches an executor that may be gone.
class rendezvous : public std::enable_shared_from_this<rendezvous> {
 public:
  explicit rendezvous(asio::steady_timer& timer) : timer_(&timer) {}

  /// Any thread.
  void deliver(session::stop_report report) {
    const std::lock_guard lock(mutex_);
    if (timer_ == nullptr) return;
    report_ = std::move(report);
    asio::post(timer_->get_executor(), [self = shared_from_this()] { self->wake(); });
  }

  std::optional<session::stop_report> take() {
    const std::lock_guard lock(mutex_);
    return std::move(report_);
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    timer_ = nullptr;
  }

 private:
  void wake() {
    const std::lock_guard lock(mutex_);
    if (timer_ != nullptr) timer_->cancel();
  }

  std::mutex mutex_;
  asio::steady_timer* timer_;
  std::optional<session::stop_report> report_;
};

/// Also when the coroutine is destroyed while it waits.
struct leave_at_exit {
  rendezvous& meeting;
  explicit leave_at_exit(rendezvous& left) : meeting(left) {}
  leave_at_exit(const leave_at_exit&) = delete;
  leave_at_exit& operator=(const leave_at_exit&) = delete;
  ~leave_at_exit() { meeting.leave(); }
};

}  // namespace

asio::awaitable<std::optional<session::stop_report>> wait_for_report(std::function<void(session::stop_handler)> start,
                                                                     std::chrono::milliseconds limit) {
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  const auto meeting = std::make_shared<rendezvous>(timer);
  const leave_at_exit guard(*meeting);
  start([meeting](session::stop_report report) { meeting->deliver(std::move(report)); });
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return meeting->take();
}

}  // namespace sessiongate::admin
