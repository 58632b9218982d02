#include "proxy/poller.hpp"

#include "proxy/reactor_descriptor.hpp"
#include "proxy/waking_executor.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <tuple>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

// Between two looks at what else the io_context has to do (kills, new sessions, timers).
constexpr int rounds_max = 8;
constexpr int busy_batch = 8;  // so many at once: there will be more, without going through the io_context

constexpr int for_ever = -1;
constexpr int last_naps = 100;  // ms: while the rest of the work ends, which nothing tells

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

poller::poller(asio::io_context& context)
    : context_(context),
      executor_(waking_executor(context.get_executor(), bell_)),
      epoll_(make_epoll()),
      nested_(context, epoll_) {
  wait();
}

poller::~poller() {
  if (nested_.is_open()) nested_.release();
  ::close(epoll_);
}

void poller::lead() {
  const int reactor = find_reactor_descriptor(context_);
  if (reactor < 0) return;
  work_.emplace(context_.get_executor());
  nested_.release();
  watch_context(reactor, EPOLLIN);
  watch_context(bell_.descriptor(), EPOLLIN | EPOLLET);
}

/// What is readable when the io_context has something to do.
void poller::watch_context(int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  throw boost::system::system_error(errno, boost::system::system_category(), "epoll_ctl");
}

void poller::run() {
  if (work_)
    run_leading();
  else
    context_.run();
}

/// The io_context has its turn in each round in which it has something to do, and so have those in the queue.
void poller::run_leading() {
  in_run_ = true;
  while (!stopped_ || !context_.stopped()) {
    const bool found = queue_.empty() && spin();
    if (!found) {
      const bool asleep = queue_.empty() && !context_due_ && bell_.fall_asleep();
      run_batch(!asleep ? 0 : stopped_ ? last_naps : for_ever);
    }
    if (context_due_ || bell_.has_rung()) {
      std::ignore = bell_.answer();
      context_due_ = false;
      context_.poll();
    }
    rounds_.end();
  }
  in_run_ = false;
}

void poller::wait() {
  waiting_ = true;
  nested_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
    waiting_ = false;
    if (!ec) run_nested();
  });
}

void poller::stop() {
  stopped_ = true;
  work_.reset();
  boost::system::error_code ignored;
  if (nested_.is_open()) nested_.cancel(ignored);
}

void poller::run_nested() {
  in_run_ = true;
  const bool more = run_rounds();
  in_run_ = false;
  if (more)
    asio::post(context_, [this] { run_nested(); });  // two system calls less than waiting in the io_context
  else if (!waiting_ && !stopped_)
    wait();
}

/// Rounds until little is ready, or others have waited long enough: then true.
bool poller::run_rounds() {
  run_batch(0);
  for (int round = 1; round < rounds_max; ++round) {
    if (!queue_.empty() || last_batch_ >= busy_batch)
      run_batch(0);
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
    if (run_batch(0) || context_due_) return true;
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

/// True when something was ready. `timeout`: ms.
bool poller::run_batch(int timeout) {
  running_.swap(queue_);
  batch_size_ = ::epoll_wait(epoll_, batch_.data(), batch_max, timeout);
  rounds_.begin();
  if (bell_.answer()) context_due_ = true;
  for (int index = 0; index < batch_size_; ++index) {
    const auto event = batch_[static_cast<std::size_t>(index)];
    if (event.data.ptr == nullptr) continue;
    if (event.data.ptr == this) {
      context_due_ = true;
      continue;
    }
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
  on.registered = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, on.descriptor, &event) == 0;
  if (on.registered) return;
  // Out of memory or of watches: the read or write that follows tells; nobody may wait for ever.
  on.may_read = on.may_write = true;
}

void poller::queue(watch& on) {
  if (on.queued) return;
  on.queued = true;
  queue_.push_back(&on);
  if (!in_run_ && nested_.is_open() && queue_.size() == 1) asio::post(context_, [this] { run_nested(); });
}

void poller::forget(watch& gone) {
  // Closing the only descriptor takes it out of the epoll.
  if (gone.duplicated && gone.registered) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, gone.descriptor, nullptr);
  gone.duplicated = false;
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
