// Readiness of many sockets for one thread, with an epoll descriptor of its own. Everything here belongs to the thread
// that runs the io_context; only executor() may be used from elsewhere.
//
// A thread can sleep in one place only. A thread with much traffic sleeps here (lead(), then run()): the epoll on which
// the io_context waits is watched as one descriptor more, and a bell rings when something is posted. A query then costs
// a wait, a read and a write for each direction. Else the thread sleeps in the io_context, which watches the epoll here
// as one descriptor: two waits and an epoll_ctl for each wake-up.
//
// Edge-triggered: a socket is registered once and for all, waiting costs no system call, and the kernel tells each
// change once. What it told is kept in the watch until a read or a write finds it used up: a read that came back short
// has emptied the socket (unless the peer's end was told with it), and a write that would block has filled it. Asio's
// reactor would take an epoll_ctl for each wait; a level-triggered epoll looks at each socket twice.
#pragma once

#include "proxy/doorbell.hpp"
#include "proxy/round_watch.hpp"
#include "proxy/wait_slot.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/epoll.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sessiongate::proxy {

/// What is known of one socket, and who waits for it. Owned by its stream, known to its poller while it is registered.
struct watch {
  int descriptor = -1;
  bool registered = false;
  bool may_read = false;   // a read may give something
  bool may_write = false;  // a write may take something
  bool ending = false;     // the peer's end, or an error, was told: a short read is not the last one
  bool queued = false;
  bool duplicated = false;  // another descriptor keeps the socket open: closing this one tells the epoll nothing
  wait_slot readable;
  wait_slot writable;
};

class poller {
 public:
  explicit poller(boost::asio::io_context& context);
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// The io_context, for who runs it himself. All that is to run on the thread goes through the executor.
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  /// Any thread: what is posted to it, spawned on it and what timers are made with.
  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

  /// Any thread. Of a thread that sleeps here.
  [[nodiscard]] const round_watch& rounds() const { return rounds_; }

  /// Before the thread runs: it is going to sleep here. Without effect when the io_context's epoll is not found.
  void lead();
  /// The thread's life: until stop() was called and the io_context has nothing more to do.
  void run();

  /// Somebody waits in the slot from now on. A socket that is known to be ready has its turn behind the others that
  /// are.
  void expect_readable(watch& on) {
    if (!on.registered) enter(on);
    if (on.may_read) queue(on);
  }
  void expect_writable(watch& on) {
    if (!on.registered) enter(on);
    if (on.may_write) queue(on);
  }
  /// Before the descriptor is closed.
  void forget(watch& gone);

  /// How long to look again before going to sleep: trades the processor for latency.
  void set_spin(std::chrono::microseconds limit) { spin_ = limit; }

  /// No more waiting: the io_context can run out of work. On the thread itself.
  void stop();

 private:
  static constexpr int batch_max = 128;

  void enter(watch& on);
  void queue(watch& on);
  void watch_context(int descriptor, std::uint32_t events);
  void run_leading();
  void wait();
  void run_nested();
  bool run_rounds();
  bool spin();
  bool run_batch(int timeout);
  void run_queue();
  void wake(watch& on);

  boost::asio::io_context& context_;
  doorbell bell_;
  boost::asio::any_io_executor executor_;
  int epoll_;
  boost::asio::posix::stream_descriptor nested_;  // epoll_ in the io_context, while the thread sleeps there
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>
      work_;  // until stop(): leading
  std::chrono::microseconds spin_{0};
  std::array<epoll_event, batch_max> batch_{};
  int batch_size_ = 0;  // while one is being delivered
  int last_batch_ = 0;
  round_watch rounds_;
  bool in_run_ = false;
  bool waiting_ = false;      // in the io_context
  bool context_due_ = false;  // the io_context has something to do
  bool stopped_ = false;
  std::vector<watch*> queue_;    // to be looked at in the next round
  std::vector<watch*> running_;  // the present round's
};

}  // namespace sessiongate::proxy
