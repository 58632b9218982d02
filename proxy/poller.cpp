#include "proxy/poller.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

// Between two looks at what else the io_context has to do (kills, new sessions, timers).
constexpr int rounds_max = 8;
constexpr int busy_batch = 8;  // so many at once: there will be more, without going through the io_context

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  return descriptor;
}

void note(watch& on, std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    on.ending = true;
    on.may_read = true;
    on.may_write = true;
  }
  if ((events & EPOLLIN) != 0) on.may_read = true;
  if ((events & EPOLLOUT) != 0) on.may_write = true;
}

}  // namespace

poller::poller(asio::io_context& context) : context_(context), epoll_(context, make_epoll()) {
  wait();
}

void poller::wait() {
  waiting_ = true;
  epoll_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
    waiting_ = false;
    if (!ec) run();
  });
}

void poller::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  epoll_.cancel(ignored);
}

void poller::run() {
  in_run_ = true;
  const bool more = run_rounds();
  in_run_ = false;
  if (more)
    asio::post(context_, [this] { run(); });  // two system calls less than waiting in the io_context
  else if (!waiting_ && !stopped_)
    wait();
}

/// Rounds until little is ready, or others have waited long enough: then true.
bool poller::run_rounds() {
  run_batch();
  for (int round = 1; round < rounds_max; ++round) {
    if (!queue_.empty() || last_batch_ >= busy_batch)
      run_batch();
    else if (!spin())
      return !queue_.empty();
  }
  return true;
}

/// Looks again and again: true when it found something.
bool poller::spin() {
  if (spin_.count() == 0) return false;
  const auto until = std::chrono::steady_clock::now() + spin_;
  do {
    if (run_batch()) return true;
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

/// True when something was ready.
bool poller::run_batch() {
  running_.swap(queue_);
  batch_size_ = ::epoll_wait(epoll_.native_handle(), batch_.data(), batch_max, 0);
  for (int index = 0; index < batch_size_; ++index) {
    const auto event = batch_[static_cast<std::size_t>(index)];
    if (event.data.ptr == nullptr) continue;
    auto& on = *static_cast<watch*>(event.data.ptr);
    note(on, event.events);
    wake(on);
  }
  last_batch_ = batch_size_;
  const bool any = batch_size_ > 0 || !running_.empty();
  batch_size_ = 0;
  run_queue();
  return any;
}

void poller::run_queue() {
  for (auto* on : running_) {  // wakes put into queue_, and forget() only empties places here
    if (on == nullptr) continue;
    on->queued = false;
    wake(*on);
  }
  running_.clear();
}

/// A waiter may end the session and with it the watch: nothing of it is touched behind a wake. Of two waiters the other
/// one has its turn in the next round.
void poller::wake(watch& on) {
  const bool writer = on.may_write && on.writable.occupied();
  const bool reader = on.may_read && on.readable.occupied();
  if (writer && reader) queue(on);
  if (writer)
    on.writable.wake();
  else if (reader)
    on.readable.wake();
}

void poller::enter(watch& on) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &on;
  on.registered = ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, on.descriptor, &event) == 0;
  if (on.registered) return;
  // Out of memory or of watches: the read or write that follows tells; nobody may wait for ever.
  on.may_read = on.may_write = true;
}

void poller::queue(watch& on) {
  if (on.queued) return;
  on.queued = true;
  queue_.push_back(&on);
  if (!in_run_ && queue_.size() == 1) asio::post(context_, [this] { run(); });
}

void poller::forget(watch& gone) {
  // Closing the descriptor takes it out of the epoll.
  gone.registered = gone.may_read = gone.may_write = gone.ending = false;
  for (int index = 0; index < batch_size_; ++index) {
    auto& event = batch_[static_cast<std::size_t>(index)];
    if (event.data.ptr == &gone) event.data.ptr = nullptr;
  }
  if (!gone.queued) return;
  gone.queued = false;
  std::ranges::replace(queue_, &gone, nullptr);
  std::ranges::replace(running_, &gone, nullptr);
}

}  // namespace sessiongate::proxy
