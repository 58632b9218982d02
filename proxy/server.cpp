#include "proxy/server.hpp"

#include "proxy/client_connection.hpp"
#include "proxy/log.hpp"
#include "proxy/metrics.hpp"
#include "proxy/session_guard.hpp"
#include "proxy/time_slice.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <thread>

namespace sessiongate::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds drain_look{20};
constexpr std::chrono::microseconds admin_slice{200};
constexpr int admin_nice = 5;

/// Cores that this process may use: its affinity, cut by the container's CPU quota.
std::size_t usable_cores() {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota >> period) || period <= 0) return cores;  // "max": no quota
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(quota / period)), 1, cores);
}

std::vector<std::unique_ptr<worker>> make_workers(const config& settings) {
  std::vector<std::unique_ptr<worker>> made;
  const auto count = settings.workers == 0 ? usable_cores() : settings.workers;
  made.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    made.push_back(std::make_unique<worker>(settings.read_buffer_size, settings.spin, settings.statement_text_max));
    made.back()->look_at_clients_every(look_interval(settings));
  }
  return made;
}

/// All of them, as the log names them.
std::string backends_text(const config& settings) {
  std::string text;
  for (const auto& owner : settings.clusters) {
    for (const auto& each : owner.backends) text += (text.empty() ? "" : ",") + each.address.text();
  }
  return text;
}

}  // namespace

server::server(config settings)
    : shared_(std::move(settings), admin_poller_),
      workers_(make_workers(shared_.settings)),
      listener_(shared_, *workers_.front(), workers_, shared_.settings.listen),
      http_route_(nullptr, shared_.clusters),
      report_(shared_, workers_),
      http_context_{shared_.sessions, http_route_, shared_.settings.kill_timeout, ::getpid(), &report_, &shared_.kills},
      drains_(admin_.get_executor(), http_context_, shared_.settings.drains_max),
      tls_reload_(admin_, shared_.settings, shared_.tls),
      token_reload_(admin_, shared_.settings,
                    [this](admin::access_tokens tokens) {
                      if (http_) http_->set_tokens(std::move(tokens));
                    }),
      users_reload_(admin_, shared_.clusters),
      signals_(admin_, SIGTERM, SIGINT),
      hangups_(admin_, SIGHUP),
      backend_watch_(shared_, *workers_.front(), admin_poller_) {
  shared_.view = &report_;
  for (const auto& each : shared_.clusters.all()) {
    if (each->credentials().mode() == credentials_mode::learn) learning_.emplace_back(admin_, *each);
  }
  if (const auto& path = shared_.settings.listen_socket; !path.empty()) {
    local_listener_.emplace(shared_, *workers_.front(), workers_, session::endpoint{path, 0});
  }
  http_context_.closed = &shared_.closed;
  http_context_.trail = &shared_.trail;
  http_context_.draining = &drains_;
  shared_.draining_sessions = &drains_;
  http_context_.gentle_timeout = shared_.settings.gentle_kill_timeout;
  http_context_.kill_where_max = shared_.settings.kill_where_max;
  http_context_.kills_at_once = shared_.settings.kill_where_concurrency;
  http_context_.events = &shared_.events;
  if (shared_.settings.admin_enabled) start_http();
}

void server::start_http() {
  const auto& settings = shared_.settings;
  admin::http_server_options options;
  std::vector<std::string> errors;
  options.tokens = read_tokens(settings, errors);
  if (!errors.empty()) throw std::runtime_error(errors.front());  // the file has changed since it was checked
  options.throttle = &shared_.throttle;
  options.connections_max = settings.admin_connections_max;
  options.request_timeout = settings.admin_request_timeout;
  options.events = &shared_.events;
  options.event_readers.readers_max = settings.events_readers_max;
  options.event_readers.heartbeat = settings.events_heartbeat;
  options.header_max = static_cast<std::uint32_t>(settings.admin_header_max);
  options.body_max = settings.admin_body_max;
  admin::http_pages pages;
  pages.ready = [this] { return ready(); };
  pages.metrics = [this] { return render_metrics(shared_, workers_); };
  pages.log = [](std::string_view line) { log_event(log_level::info, "http", {{"request", line}}); };
  try {
    admin_file_.emplace(settings.admin_listen);
    http_.emplace(admin_.get_executor(), admin::to_socket_address(settings.admin_listen), std::move(options),
                  std::move(pages), http_context_);
    admin_file_->bound(settings.admin_socket_mode);
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + settings.admin_listen.text());
  }
}

void server::start_listeners() {
  const auto start = [this](listener& each) {
    each.start();
    log_event(log_level::info, "listening",
              {{"address", each.address().text()},
               {"backend", backends_text(shared_.settings)},
               {"workers", workers_.size()},
               {"pid", ::getpid()}});
  };
  start(listener_);
  if (local_listener_) start(*local_listener_);
}

/// On their home worker's thread.
void server::stop_listeners() {
  listener_.stop();
  if (local_listener_) local_listener_->stop();
}

bool server::ready() const {
  return !shared_.draining.load(std::memory_order_relaxed) && shared_.clusters.standard().last_greeting()->flags != 0;
}

void server::run() {
  shared_.audit.start();
  shared_.watch_slow_statements();
  for (auto& each : workers_) each->start();
  set_time_slice(admin_slice,
                 admin_nice);  // where it shares a core with a worker, a long listing must not hold that up
  tls_reload_.start();
  token_reload_.start();
  users_reload_.start();
  for (auto& each : learning_) each.start();
  asio::co_spawn(admin_, wait_for_signals(), asio::detached);
  asio::co_spawn(admin_, reopen_audit(), asio::detached);
  backend_watch_.start();
  if (http_) {
    http_->start();
    log_event(log_level::info, "admin_listening",
              {{"address", session::endpoint{shared_.settings.admin_listen.address, http_->port()}.text()},
               {"tokens", http_->token_count()}});
  }
  start_listeners();
  admin_.run();
  end_workers();
  shared_.trail.close();
  shared_.audit.close();
  log_event(log_level::info, "stopped", {});
}

/// What their sessions have left there may still ask something of the admin thread: that goes on until they have ended.
void server::end_workers() {
  admin_.restart();
  for (auto& each : workers_) each->end(asio::make_work_guard(admin_));
  admin_.run();
  for (auto& each : workers_) each->join();
}

asio::awaitable<void> server::wait_for_signals() {
  const auto [ec, number] = co_await signals_.async_wait(io);
  log_event(log_level::info, "draining", {{"signal", ec ? 0 : number}, {"sessions", shared_.sessions.size()}});
  shared_.draining.store(true);
  asio::co_spawn(admin_, drain(), asio::detached);
  const auto [cancelled, again] = co_await signals_.async_wait(io);
  if (cancelled) co_return;
  stops_at_once_ = true;
  end_all();
}

asio::awaitable<void> server::reopen_audit() {
  while (true) {
    const auto [ec, number] = co_await hangups_.async_wait(io);
    if (ec) co_return;
    shared_.audit.reopen();
  }
}

void server::each_session_drains() {
  for (auto& each : workers_) {
    asio::post(each->executor(),
               [home = each.get()] { home->for_each([](client_connection& connection) { connection.drain(); }); });
  }
}

void server::end_all() {
  for (const auto& each : shared_.sessions.list()) each->stop({session::stop_reason::drained, "drain-timeout"}, {});
}

/// Those who wait for their answer have lost their session by now, but the kills are recorded, and the statements that
/// sessions left behind are interrupted. Each has limits of its own.
asio::awaitable<void> server::wait_for_kills() {
  constexpr int waits_of_a_kill = 2;  // for its target, and for the backend
  asio::steady_timer pause(admin_);
  const auto until = std::chrono::steady_clock::now() + waits_of_a_kill * shared_.settings.kill_timeout;
  while (shared_.trail.under_way() > 0 && !stops_at_once_ && std::chrono::steady_clock::now() < until) {
    pause.expires_after(drain_look);
    co_await pause.async_wait(io);
  }
}

asio::awaitable<void> server::drain() {
  asio::post(workers_.front()->executor(), [this] { stop_listeners(); });
  each_session_drains();
  asio::steady_timer pause(admin_);
  const auto until = std::chrono::steady_clock::now() + shared_.current.load()->drain_timeout;
  do {
    pause.expires_after(drain_look);
    co_await pause.async_wait(io);
    if (std::chrono::steady_clock::now() >= until) end_all();
  } while (shared_.sessions.size() > 0);
  co_await wait_for_kills();
  // Not admin_.stop(): what still runs there, a KILL of the control account perhaps, ends within its own limit and
  // must not outlive the poller.
  shared_.abandoned.stop();
  for (const auto& each : shared_.clusters.all()) {
    for (const auto& control : each->controls()) control->stop();
  }
  if (http_) http_->stop();
  tls_reload_.stop();
  token_reload_.stop();
  users_reload_.stop();
  for (auto& each : learning_) each.stop();
  signals_.cancel();
  hangups_.cancel();
  backend_watch_.stop();
  admin_poller_.stop();
}

}  // namespace sessiongate::proxy
