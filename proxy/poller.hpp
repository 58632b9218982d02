// Readiness of many sockets for one thread: an epoll descriptor of its own, level-triggered, that the thread's
// io_context watches as one descriptor. Registered once a socket stays registered, so waiting costs no system call;
// Asio's own reactor takes an epoll_ctl for each wait. Everything here belongs to the thread that runs the io_context.
#pragma once

#include "proxy/wait_slot.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/epoll.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sessiongate::proxy {

/// What one socket waits for. Owned by its stream, known to its poller while it is registered.
struct watch {
  int descriptor = -1;
  std::uint32_t registered = 0;  // the events that epoll looks for; 0: not registered
  wait_slot readable;
  wait_slot writable;
};

class poller {
 public:
  explicit poller(boost::asio::io_context& context);
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  /// Makes epoll look for what is about to be waited for.
  void want(watch& on, std::uint32_t events) {
    if ((on.registered & events) != events) change(on, on.registered | events);
  }
  /// Before the descriptor is closed.
  void forget(watch& gone);

  /// No more waiting: the io_context can run out of work.
  void stop();

  /// How long to look again before going to sleep: trades the processor for latency.
  void set_spin(std::chrono::microseconds limit) { spin_ = limit; }

 private:
  static constexpr int batch_max = 128;

  void change(watch& on, std::uint32_t events);
  void wait();
  void run_batches();
  bool run_batch();
  void deliver(watch& on, std::uint32_t events);

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor epoll_;
  std::chrono::microseconds spin_{0};
  std::array<epoll_event, batch_max> batch_{};
  int batch_size_ = 0;
};

}  // namespace sessiongate::proxy
