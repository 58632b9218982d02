// One thread, one io_context, and everything that its sessions share: a read buffer that is free whenever no handler
// runs, the counters, and the deadlines of what must not take forever.
#pragma once

#include "proxy/counters.hpp"
#include "proxy/poller.hpp"
#include "session/statement_slot.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace sessiongate::proxy {

class client_connection;

/// Links a connection into its worker's list; unlinks itself when the connection dies.
using worker_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class worker {
 public:
  using clock = std::chrono::steady_clock;

  /// `statement_text`: bytes of a running statement that are kept.
  worker(std::size_t read_buffer_size, std::chrono::microseconds spin, std::size_t statement_text = 0);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // Any thread.
  /// What is posted to it runs on the worker's thread.
  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return poller_.executor(); }
  [[nodiscard]] const proxy::counters& counted() const { return counters_; }
  /// Sessions given to this worker and not ended: the acceptor's measure of load.
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  void add_load() { load_.fetch_add(1, std::memory_order_relaxed); }
  void drop_load() { load_.fetch_sub(1, std::memory_order_relaxed); }
  /// How long it is away from its sockets at most.
  [[nodiscard]] const round_watch& rounds() const { return poller_.rounds(); }
  [[nodiscard]] std::int32_t thread_id() const { return thread_id_; }

  /// So often, each connection looks whether it is beyond a limit; 0: never. Before start(), or on the thread itself.
  void look_at_clients_every(std::chrono::milliseconds interval);
  void start();
  /// Ends the thread when every session has ended: what is left then is woken once more and nothing else.
  void join();
  using work_elsewhere = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  /// Begins that, without waiting; `needed` is let go of when the thread has ended, for what is left there may wait for
  /// another one.
  void end(std::optional<work_elsewhere> needed);

  // The worker's thread only.
  [[nodiscard]] proxy::poller& poller() { return poller_; }
  [[nodiscard]] std::span<std::uint8_t> buffer() { return buffer_; }
  [[nodiscard]] proxy::counters& counters() { return counters_; }
  [[nodiscard]] session::statement_pool& statements() { return statements_; }
  void link(client_connection& connection);
  /// Runs `step` for every linked connection. It must not unlink others than the one it is given.
  void for_each(const std::function<void(client_connection&)>& step);

 private:
  friend class deadline;
  struct pending_deadline {
    clock::time_point at;
    std::function<void()> expire;
  };

  void sweep();
  void look_at_clients();

  boost::asio::io_context context_{1};
  proxy::poller poller_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer look_timer_;
  std::chrono::milliseconds look_interval_{0};  // 0: they do not
  std::list<pending_deadline> deadlines_;
  std::vector<std::uint8_t> buffer_;
  proxy::counters counters_;
  session::statement_pool statements_;
  std::atomic<std::size_t> load_{0};
  std::int32_t thread_id_ = 0;
  boost::intrusive::list<worker_hook, boost::intrusive::constant_time_size<false>> connections_;
  std::thread thread_;
  bool ending_ = false;
  std::optional<work_elsewhere> needed_;
};

/// Calls `expire` when it lives longer than `limit` (looked at every tenth of a second). On the worker's thread only.
class deadline {
 public:
  deadline(worker& on, std::chrono::milliseconds limit, std::function<void()> expire);
  ~deadline();
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

 private:
  worker& on_;
  std::list<worker::pending_deadline>::iterator entry_;
};

}  // namespace sessiongate::proxy
