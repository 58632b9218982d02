#include "proxy/abandoned_statements.hpp"

#include "proxy/kill_route.hpp"
#include "proxy/log.hpp"

#include "admin/kill.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;

void abandoned_statements::interrupt(admin::kill_record begun, session::stop_report left) {
  entry added{admin::open_kill(trail_, std::move(begun)), std::move(left)};
  const bool has_route = std::ranges::any_of(added.left.server_sessions,
                                             [this](const auto& each) { return clusters_.has_control(*each.session); });
  if (!has_route) {
    counted_.count(admin::kill_end::no_route);
    return added.record.conclude(admin::kill_end::no_route, "There is no control account (--control-user)");
  }
  const auto limit = current_.load()->disconnect_queue_max;
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= limit)
    return drop(std::move(added), admin::kill_end::refused, "More than disconnect-queue-max waited already");
  asio::post(home_, [this, kept = std::move(added)]() mutable { take(std::move(kept)); });
}

void abandoned_statements::drop(entry dropped, admin::kill_end end, std::string why) {
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  dropped_.fetch_add(1, std::memory_order_relaxed);
  dropped.record.conclude(end, std::move(why));
}

void abandoned_statements::take(entry added) {
  if (stopped_) return drop(std::move(added), admin::kill_end::unfinished, "The proxy was stopping");
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
      // The backend is slow or away: those behind it would hold their connections for long.
      drop(std::move(next), admin::kill_end::timeout, "It waited for its turn for longer than kill-timeout");
      continue;
    }
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    co_await finish(std::move(next));
  }
  --workers_;
}

asio::awaitable<void> abandoned_statements::finish(entry each) {
  kill_route route(nullptr, clusters_);
  admin::execution_context context{sessions_, route, current_.load()->kill_timeout};
  const auto outcome = co_await admin::interrupt_abandoned(each.record.begun().target, std::move(each.left), context);
  const auto end = admin::end_of(outcome);
  counted_.count(end);
  each.record.conclude(outcome);
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
  for (; !queue_.empty(); queue_.pop_front()) {
    drop(std::move(queue_.front()), admin::kill_end::unfinished, "The proxy was stopping");
  }
}

}  // namespace sessiongate::proxy
