#include "proxy/worker.hpp"

#include "proxy/client_connection.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>
#include <latch>

namespace sessiongate::proxy {

namespace {
constexpr std::chrono::milliseconds sweep_interval{100};
}

worker::worker(std::size_t read_buffer_size, std::chrono::microseconds spin, std::size_t statement_text)
    : poller_(context_),
      sweep_timer_(executor()),
      look_timer_(executor()),
      buffer_(read_buffer_size),
      statements_(statement_text) {
  poller_.set_spin(spin);
}

worker::~worker() {
  join();
}

void worker::look_at_clients_every(std::chrono::milliseconds interval) {
  if (ending_) return;
  look_interval_ = interval;
  look_timer_.cancel();
  if (interval.count() > 0) look_at_clients();
}

void worker::start() {
  poller_.lead();
  std::latch ready(1);
  thread_ = std::thread([this, &ready] {
    thread_id_ = ::gettid();
    ready.count_down();
    poller_.run();
    needed_.reset();
  });
  ready.wait();
}

void worker::end(std::optional<work_elsewhere> needed) {
  boost::asio::post(executor(), [this, kept = std::move(needed)]() mutable {
    if (kept) needed_.emplace(std::move(*kept));
    poller_.stop();
    ending_ = true;
    look_interval_ = {};  // its handler may be on its way already
    look_timer_.cancel();
  });
}

void worker::join() {
  if (!thread_.joinable()) return;
  end(std::nullopt);
  thread_.join();
}

void worker::link(client_connection& connection) {
  connections_.push_back(connection);
}

void worker::for_each(const std::function<void(client_connection&)>& step) {
  for (auto at = connections_.begin(); at != connections_.end();) {
    auto& connection = static_cast<client_connection&>(*at);
    ++at;
    step(connection);
  }
}

void worker::look_at_clients() {
  look_timer_.expires_after(look_interval_);
  look_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec || look_interval_.count() == 0) return;
    for_each([now = clock::now()](client_connection& each) { each.look_at_clock(now); });
    look_at_clients();
  });
}

void worker::sweep() {
  const auto now = clock::now();
  std::vector<std::function<void()>> expired;  // called afterwards: they may end sessions, and with them deadlines
  for (auto& each : deadlines_) {
    if (each.expire && each.at <= now) expired.push_back(std::move(each.expire));
  }
  for (const auto& expire : expired) expire();
  if (deadlines_.empty()) return;
  sweep_timer_.expires_after(sweep_interval);
  sweep_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) sweep();
  });
}

deadline::deadline(worker& on, std::chrono::milliseconds limit, std::function<void()> expire) : on_(on) {
  const bool first = on_.deadlines_.empty();
  on_.deadlines_.push_back({worker::clock::now() + limit, std::move(expire)});
  entry_ = std::prev(on_.deadlines_.end());
  if (first) on_.sweep();
}

deadline::~deadline() {
  on_.deadlines_.erase(entry_);
}

}  // namespace sessiongate::proxy
