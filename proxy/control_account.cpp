#include "proxy/control_account.hpp"

#include "proxy/dial.hpp"
#include "proxy/log.hpp"

#include "protocol/err_packet.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using admin::interrupt_answer;
using admin::interrupt_status;

namespace {

constexpr int kept_share = 4;  // of the time for a kill, for an answer over a connection that was kept
constexpr std::size_t looked_up_max = 1'000;
constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{1'000};

/// How often idle connections are looked at.
std::chrono::milliseconds look_interval(std::chrono::milliseconds idle_timeout) {
  constexpr std::chrono::milliseconds shortest{100};
  constexpr std::chrono::milliseconds longest{5'000};
  return idle_timeout.count() > 0 ? std::clamp(idle_timeout / 4, shortest, longest) : longest;
}

std::optional<interrupt_answer> to_failure(const control_connection::reply& said) {
  if (said.lost)
    return interrupt_answer{interrupt_status::backend_unreachable, protocol::er::lost_connection, "HY000",
                            "the backend closed the connection"};
  if (!said.error) return std::nullopt;
  return interrupt_answer{interrupt_status::backend_refused, said.error->code, said.error->sqlstate,
                          said.error->message};
}

}  // namespace

/// One kill on its way: until when it has time, and what it holds or waits with. Whoever waits for it shares it.
class control_account::errand : public std::enable_shared_from_this<errand> {
 public:
  errand(const asio::any_io_executor& on, std::chrono::milliseconds time, session::connection_origin thread = {})
      : meant(std::move(thread)), limit_(on, time), patience_(on), turn_(on) {}

  void start() {
    limit_.async_wait([self = shared_from_this()](const error_code& ec) {
      if (ec) return;
      self->late_ = true;
      if (self->works_with_) self->works_with_->close();
      self->wake();
    });
  }
  void finish() {
    limit_.cancel();
    patience_.cancel();
  }
  [[nodiscard]] bool late() const { return late_; }
  void work_with(connection_ptr connection) { works_with_ = std::move(connection); }
  /// The same, for so long: then it is closed.
  void work_with(connection_ptr connection, std::chrono::milliseconds time) {
    works_with_ = connection;
    patience_.expires_after(time);
    patience_.async_wait([self = shared_from_this(), connection](const error_code& ec) {
      if (!ec && self->works_with_ == connection) connection->close();
    });
  }

  awaitable<void> sleep() {
    turn_.expires_at(asio::steady_timer::time_point::max());
    co_await turn_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  void wake() { turn_.cancel(); }

  const session::connection_origin meant;
  interrupt_answer refusal;  // why it got no connection

 private:
  asio::steady_timer limit_;
  asio::steady_timer patience_;
  asio::steady_timer turn_;
  connection_ptr works_with_;
  bool late_ = false;
};

control_account::control_account(const config& settings, const cluster_settings& owner, const backend& server,
                                 const auth_keys& keys, const tls_context& tls, poller& home)
    : settings_(settings),
      owner_(owner),
      server_(server),
      keys_(keys),
      tls_(tls),
      home_(home),
      idle_look_(home.executor()) {}

awaitable<interrupt_answer> control_account::kill(admin::backend_thread which, admin::interrupt_scope scope) {
  co_return co_await asio::co_spawn(home_.executor(), run(std::move(which), scope), asio::use_awaitable);
}

awaitable<interrupt_answer> control_account::run(admin::backend_thread which, admin::interrupt_scope scope) {
  const auto job = std::make_shared<errand>(home_.executor(), settings_.kill_timeout, which.session->origin());
  job->start();
  auto answer = co_await attempt(job, std::move(which), scope);
  job->finish();
  if (job->late())
    answer = {interrupt_status::timeout, protocol::er::unknown_error, "HY000", "the backend did not answer"};
  co_return answer;
}

/// A connection that was kept may have been closed by the backend, or lead to a server that has gone, with or without a
/// word: then a fresh one has to say so.
awaitable<interrupt_answer> control_account::attempt(errand_ptr job, admin::backend_thread which,
                                                     admin::interrupt_scope scope) {
  for (bool fresh = false;; fresh = true) {
    const auto over = co_await take(job, fresh);
    if (!over.connection) co_return job->refusal;
    auto done = co_await over.connection->interrupt(which, scope, waiting_at(job->meant.peer));
    job->work_with(nullptr);
    give_back(over.connection, !done.lost && !job->late());
    const bool try_again = !over.is_new && !job->late() && (done.lost || done.stranger);
    if (!try_again) co_return std::move(done.answer);
  }
}

awaitable<control_account::told> control_account::ask(std::string statement) {
  const auto job = std::make_shared<errand>(home_.executor(), settings_.kill_timeout);
  job->start();
  told answer;
  for (bool fresh = false;; fresh = true) {
    const auto over = co_await take(job, fresh);
    answer.error = job->refusal;
    if (!over.connection) break;
    auto said = co_await over.connection->query(statement);
    job->work_with(nullptr);
    give_back(over.connection, !said.lost && !job->late());
    if (said.lost && !over.is_new && !job->late()) continue;
    answer.error = to_failure(said);
    answer.packets = std::move(said.packets);
    break;
  }
  job->finish();
  if (job->late())
    answer.error =
        interrupt_answer{interrupt_status::timeout, protocol::er::unknown_error, "HY000", "the backend did not answer"};
  co_return answer;
}

/// Without a connection when there is none to be had: job->refusal says why.
awaitable<control_account::lease> control_account::take(errand_ptr job, bool fresh) {
  address peer;
  if (!job->meant.peer.address.empty()) peer = job->meant.peer;
  while (!job->late() && !stopped_) {
    if (auto kept = fresh ? nullptr : take_idle(job->meant)) {
      job->work_with(kept, settings_.kill_timeout / kept_share);
      co_return lease{std::move(kept), false};
    }
    if (must_pause(peer)) {
      job->refusal = failure_->answer;
      if (open_ == 0 || !says_full(job->refusal.code)) break;
    } else if (!is_being_tried(peer) && make_room()) {
      auto made = co_await make(job, peer);
      if (made.connection) co_return made;
      if (open_ == 0 || !says_full(job->refusal.code)) break;
    }
    co_await wait_for_turn(job);
  }
  if (stopped_) job->refusal = {interrupt_status::backend_unreachable, 0, {}, "the proxy is stopping"};
  wake_one();  // a turn that is not used is the next one's
  co_return lease{};
}

/// The threads that others wait to kill there, not all of a great many.
std::vector<std::uint32_t> control_account::waiting_at(const session::endpoint& peer) const {
  std::vector<std::uint32_t> threads;
  for (const auto* each : queue_) {
    if (threads.size() == looked_up_max) break;
    if (each->meant.peer == peer) threads.push_back(each->meant.connection_id);
  }
  return threads;
}

awaitable<void> control_account::wait_for_turn(errand_ptr job) {
  queue_.push_back(job.get());
  ++waiting_;
  co_await job->sleep();
  --waiting_;
  std::erase(queue_, job.get());
}

awaitable<control_account::lease> control_account::make(errand_ptr job, address peer) {
  ++open_;
  const auto made = std::make_shared<control_connection>(settings_, owner_, server_, keys_, tls_, home_);
  job->work_with(made);
  logging_in_.push_back(peer);
  auto failed = co_await made->log_in(peer);
  logging_in_.erase(std::ranges::find(logging_in_, peer));
  if (!succeeded_) wake_all();  // who waited to see how it ends
  if (!failed) {
    welcome(*made);
    co_return lease{made, true};
  }
  job->work_with(nullptr);
  close(made);
  if (!job->late()) note_failure(peer, *failed);
  job->refusal = std::move(*failed);
  co_return lease{};
}

void control_account::welcome(control_connection& made) {
  failure_.reset();
  succeeded_ = true;
  const auto& peer = made.origin().peer;
  made.trust_since(known_.learn(peer, made.server(), clock::now()));
  close_idle_if([&](const idle_connection& each) {
    return each.connection->origin().peer == peer && !known_.is_last(peer, each.connection->server());
  });
  log_event(log_level::debug, "control_connected",
            {{"backend", peer.text()},
             {"connection_id", made.origin().connection_id},
             {"server", made.server().name},
             {"sees_threads", made.server().shows_threads ? "yes" : "no"}});
}

void control_account::note_failure(const address& peer, const interrupt_answer& answer) {
  const bool again = failure_ && failure_->peer == peer;
  const auto pause = again ? std::min(failure_->pause * 2, longest_pause) : first_pause;
  failure_ = {peer, answer, pause, clock::now() + pause};
  succeeded_ = false;
  log_event(log_level::warning, "control_account_failed",
            {{"backend", server_.name()->text()}, {"code", answer.code}, {"error", answer.message}});
}

bool control_account::must_pause(const address& peer) const {
  return failure_ && failure_->peer == peer && clock::now() < failure_->until;
}

/// Whether a login that is under way has yet to show whether logins succeed there.
bool control_account::is_being_tried(const address& peer) const {
  return !succeeded_ && std::ranges::find(logging_in_, peer) != logging_in_.end();
}

control_account::connection_ptr control_account::take_idle(const session::connection_origin& meant) {
  close_idle_if([](const idle_connection& each) { return !each.connection->is_ready(); });
  const auto fits = [&](const idle_connection& each) { return each.connection->can_judge(meant); };
  const auto last = std::find_if(idle_.rbegin(), idle_.rend(), fits);
  if (last == idle_.rend()) return nullptr;
  auto taken = std::move(last->connection);
  idle_.erase(std::next(last).base());
  return taken;
}

/// Whether one more may be made; for that, the one that has been idle longest has to go, if need be.
bool control_account::make_room() {
  if (open_ < settings_.control_connections_max) return true;
  if (idle_.empty()) return false;
  close(idle_.front().connection);
  idle_.pop_front();
  return true;
}

void control_account::give_back(const connection_ptr& connection, bool usable) {
  const bool keep = usable && !stopped_ && known_.is_last(connection->origin().peer, connection->server());
  if (queue_.empty()) connection->forget_threads();
  if (keep)
    idle_.push_back({connection, clock::now()});
  else
    close(connection);
  wake_one();
  if (keep && !looking_) look_at_idle();
}

void control_account::close(const connection_ptr& connection) {
  connection->close();
  --open_;
}

void control_account::close_idle_if(const std::function<bool(const idle_connection&)>& stale) {
  std::erase_if(idle_, [&](const idle_connection& each) {
    const bool goes = stale(each);
    if (goes) close(each.connection);
    return goes;
  });
}

void control_account::wake_one() {
  if (queue_.empty()) return;
  queue_.front()->wake();
  queue_.pop_front();
}

void control_account::wake_all() {
  while (!queue_.empty()) wake_one();
}

void control_account::look_at_idle() {
  looking_ = true;
  idle_look_.expires_after(look_interval(settings_.control_idle_timeout));
  idle_look_.async_wait([this](const error_code& ec) {
    looking_ = false;
    if (ec || stopped_) return;
    const auto limit = settings_.control_idle_timeout;
    close_idle_if([limit, now = clock::now()](const idle_connection& each) {
      return (limit.count() > 0 && now - each.since >= limit) || !each.connection->is_ready();
    });
    if (!idle_.empty()) look_at_idle();
  });
}

void control_account::warm_up() {
  if (configured()) asio::co_spawn(home_.executor(), warm(), asio::detached);
}

awaitable<void> control_account::warm() {
  if (open_ > 0 || stopped_) co_return;
  const auto job = std::make_shared<errand>(home_.executor(), settings_.kill_timeout);
  job->start();
  const auto made = co_await make(job, {});
  job->finish();
  job->work_with(nullptr);
  if (!made.connection) co_return;
  if (!made.connection->server().shows_threads)
    log_event(log_level::info, "control_account_sees_no_threads",
              {{"backend", made.connection->origin().peer.text()},
               {"means", "it tells sessions' servers apart by when they started: see docs/privileges.md"}});
  give_back(made.connection, !job->late());
}

void control_account::stop() {
  stopped_ = true;
  close_idle_if([](const idle_connection&) { return true; });
  idle_look_.cancel();
  wake_all();
}

}  // namespace sessiongate::proxy
