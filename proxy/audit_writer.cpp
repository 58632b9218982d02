#include "proxy/audit_writer.hpp"

#include "proxy/audit_file.hpp"
#include "proxy/log.hpp"

#include "admin/audit_line.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace sessiongate::proxy {

namespace {

constexpr std::chrono::seconds write_retry{1};
constexpr std::chrono::seconds close_limit{5};

}  // namespace

struct audit_writer::state {
  explicit state(audit_options options)
      : settings(std::move(options)), file(settings.path, settings.size_max, settings.files_max) {}

  struct waiting_record {
    admin::kill_log::entry what;
    std::uint64_t lost_before = 0;  // so many did not fit in between it and the one before
  };

  void run();
  bool write(const std::string& line);
  bool write_next();
  void wait_for_work();
  void note(const std::error_code& error);
  void finish();

  const audit_options settings;
  audit_file file;  // the thread's
  bool is_failing = false;
  std::error_code rotation_error;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<waiting_record> queue;
  std::uint64_t lost_since = 0;  // the last that went into the queue
  std::uint64_t last_number = 0;
  bool reopen_wanted = false;
  bool closing = false;
  bool ended = false;

  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> errors{0};
};

void audit_writer::state::note(const std::error_code& error) {
  if (error) ++errors;
  if (bool(error) != is_failing) {
    is_failing = bool(error);
    if (error)
      log_event(log_level::error, "audit_not_written", {{"file", settings.path}, {"error", error.message()}});
    else
      log_event(log_level::info, "audit_written_again", {{"file", settings.path}, {"lost", lost.load()}});
  }
  if (file.rotation_error() == rotation_error) return;
  rotation_error = file.rotation_error();
  if (!rotation_error) return;
  ++errors;
  log_event(log_level::error, "audit_not_rotated", {{"file", settings.path}, {"error", rotation_error.message()}});
}

bool audit_writer::state::write(const std::string& line) {
  const auto error = file.append(line);
  note(error);
  return !error;
}

/// The first of those that wait; it stays in the queue until it is written.
bool audit_writer::state::write_next() {
  std::unique_lock lock(mutex);
  auto& next = queue.front();
  const auto what = next.what;
  const auto lost_before = next.lost_before;
  lock.unlock();
  if (lost_before != 0 && !write(admin::audit_lost_line(lost_before))) return false;
  lock.lock();
  queue.front().lost_before = 0;
  lock.unlock();
  if (!write(admin::audit_line(*what))) return false;
  lock.lock();
  queue.pop_front();
  ++written;
  return true;
}

void audit_writer::state::wait_for_work() {
  std::unique_lock lock(mutex);
  const auto is_wanted = [this] { return closing || reopen_wanted; };
  if (is_failing)
    changed.wait_for(lock, write_retry, is_wanted);
  else
    changed.wait(lock, [&] { return is_wanted() || !queue.empty(); });
  if (std::exchange(reopen_wanted, false)) file.reopen();
}

void audit_writer::state::run() {
  bool started = write(admin::audit_started_line());
  while (true) {
    wait_for_work();
    if (!started) started = write(admin::audit_started_line());
    bool more = started;
    while (more) {
      {
        const std::lock_guard lock(mutex);
        if (queue.empty() || reopen_wanted) break;
      }
      more = write_next();
    }
    const std::lock_guard lock(mutex);
    if (closing && (queue.empty() || is_failing)) break;
  }
  finish();
}

void audit_writer::state::finish() {
  std::unique_lock lock(mutex);
  const auto left = queue.size() + lost_since;
  const auto last = last_number;
  lost += queue.size();
  queue.clear();
  lock.unlock();
  if (left != 0) {
    log_event(log_level::error, "audit_incomplete", {{"file", settings.path}, {"missing", left}});
    if (!is_failing) write(admin::audit_lost_line(left));
  }
  if (!is_failing) write(admin::audit_stopped_line(last));
  file.reopen();  // closed, with all that a file system tells no sooner
  lock.lock();
  ended = true;
  changed.notify_all();
}

audit_writer::audit_writer(audit_options options) : state_(std::make_shared<state>(std::move(options))) {}

audit_writer::~audit_writer() {
  close();
}

void audit_writer::start() {
  if (state_->settings.path.empty()) return;
  thread_ = std::thread([kept = state_] { kept->run(); });
}

void audit_writer::add(const admin::kill_log::entry& done) {
  if (!thread_.joinable()) return;
  bool is_first_lost = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->last_number = done->number;
    if (state_->queue.size() < state_->settings.queue_max) {
      state_->queue.push_back({done, std::exchange(state_->lost_since, 0)});
    } else {
      is_first_lost = state_->lost_since++ == 0;
      ++state_->lost;
    }
  }
  state_->changed.notify_one();
  if (is_first_lost) {
    log_event(log_level::error, "audit_queue_full",
              {{"file", state_->settings.path}, {"waiting", state_->settings.queue_max}});
  }
}

void audit_writer::reopen() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->reopen_wanted = true;
  }
  state_->changed.notify_one();
}

void audit_writer::close() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->changed.notify_one();
  const bool ended = state_->changed.wait_for(lock, close_limit, [this] { return state_->ended; });
  const auto left = state_->queue.size();
  lock.unlock();
  if (ended) return thread_.join();
  log_event(log_level::error, "audit_incomplete", {{"file", state_->settings.path}, {"missing", left}});
  thread_.detach();
}

std::uint64_t audit_writer::written() const {
  return state_->written.load(std::memory_order_relaxed);
}

std::uint64_t audit_writer::lost() const {
  return state_->lost.load(std::memory_order_relaxed);
}

std::uint64_t audit_writer::errors() const {
  return state_->errors.load(std::memory_order_relaxed);
}

std::uint64_t audit_writer::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace sessiongate::proxy
