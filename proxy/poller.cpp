#include "proxy/poller.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  return descriptor;
}

}  // namespace

poller::poller(asio::io_context& context) : context_(context), epoll_(context, make_epoll()) {
  wait();
}

void poller::wait() {
  epoll_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
    if (ec) return;
    run_batches();
    wait();
  });
}

void poller::stop() {
  boost::system::error_code ignored;
  epoll_.cancel(ignored);
}

void poller::run_batches() {
  if (spin_.count() == 0) {
    run_batch();
    return;
  }
  // Others on this io_context (kills, new sessions, timers) wait meanwhile: not longer than a few spins.
  constexpr int spins_max = 16;
  const auto begin = std::chrono::steady_clock::now();
  auto until = begin + spin_;
  for (auto now = begin; now < until; now = std::chrono::steady_clock::now()) {
    if (run_batch()) until = std::min(now + spin_, begin + spins_max * spin_);
  }
}

bool poller::run_batch() {
  batch_size_ = ::epoll_wait(epoll_.native_handle(), batch_.data(), batch_max, 0);
  for (int index = 0; index < batch_size_; ++index) {
    const auto event = batch_[static_cast<std::size_t>(index)];
    if (event.data.ptr != nullptr) deliver(*static_cast<watch*>(event.data.ptr), event.events);
  }
  const bool any = batch_size_ > 0;
  batch_size_ = 0;
  return any;
}

/// A waiter may end the session and with it the watch: nothing of it is touched behind a wake(), and forget() takes it
/// out of the batch.
void poller::deliver(watch& on, std::uint32_t events) {
  constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
  const bool in = (events & (EPOLLIN | broken)) != 0;
  const bool out = (events & (EPOLLOUT | broken)) != 0;
  auto wanted = on.registered;  // level-triggered: what nobody waits for would come again at once
  if (in && !on.readable.occupied()) wanted &= ~static_cast<std::uint32_t>(EPOLLIN);
  if (out && !on.writable.occupied()) wanted &= ~static_cast<std::uint32_t>(EPOLLOUT);
  change(on, wanted);
  // Of two waiters the other one is woken by the next round.
  if (out && on.writable.occupied())
    on.writable.wake();
  else if (in)
    on.readable.wake();
}

/// Not registered at all rather than for no events: epoll reports a hang-up of what is registered, whether asked or
/// not.
void poller::change(watch& on, std::uint32_t events) {
  if (on.registered == events) return;
  epoll_event event{};
  event.events = events;
  event.data.ptr = &on;
  const int operation = on.registered == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  on.registered = ::epoll_ctl(epoll_.native_handle(), operation, on.descriptor, &event) == 0 ? events : 0;
}

void poller::forget(watch& gone) {
  change(gone, 0);
  for (int index = 0; index < batch_size_; ++index) {
    auto& event = batch_[static_cast<std::size_t>(index)];
    if (event.data.ptr == &gone) event.data.ptr = nullptr;
  }
}

}  // namespace sessiongate::proxy
