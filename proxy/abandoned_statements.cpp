#include "proxy/abandoned_statements.hpp"

#include "proxy/kill_route.hpp"
#include "proxy/log.hpp"

#include "admin/kill.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;

void abandoned_statements::interrupt(admin::kill_outcome target, session::stop_report left) {
  if (!control_.configured()) return counted_.count(admin::kill_end::no_route);
  const auto limit = current_.load()->disconnect_queue_max;
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= limit) return drop();
  asio::post(home_, [this, added = entry{std::move(target), std::move(left)}]() mutable { take(std::move(added)); });
}

void abandoned_statements::drop() {
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

void abandoned_statements::take(entry added) {
  if (stopped_) return drop();
  queue_.push_back(std::move(added));
  if (workers_ >= current_.load()->disconnect_interrupts_max) return;
  ++workers_;
  asio::co_spawn(home_, work(), asio::detached);
}

asio::awaitable<void> abandoned_statements::work() {
  while (!queue_.empty()) {
    auto next = std::move(queue_.front());
    queue_.pop_front();
    if (std::chrono::steady_clock::now() - next.since > current_.load()->kill_timeout) {
      drop();  // the backend is slow or away: those behind it would hold their connections for long
      continue;
    }
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    co_await finish(std::move(next));
  }
  --workers_;
}

asio::awaitable<void> abandoned_statements::finish(entry each) {
  kill_route route(nullptr, control_);
  admin::execution_context context{sessions_, route, current_.load()->kill_timeout};
  const auto outcome = co_await admin::interrupt_abandoned(std::move(each.target), std::move(each.left), context);
  const auto end = admin::end_of(outcome);
  counted_.count(end);
  log_event(log_level::info, "statement_abandoned",
            {{"cs_id", outcome.cs_id},
             {"connection_id", outcome.connection_id},
             {"user", outcome.user},
             {"outcome", to_text(end)},
             {"error", outcome.backend_answer},
             {"elapsed_us", outcome.elapsed.count()}});
}

void abandoned_statements::stop() {
  stopped_ = true;
  for (; !queue_.empty(); queue_.pop_front()) drop();
}

}  // namespace sessiongate::proxy
