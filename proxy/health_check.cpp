#include "proxy/health_check.hpp"

#include "proxy/log.hpp"
#include "proxy/own_response.hpp"
#include "proxy/routine_watch.hpp"
#include "proxy/session_events.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <utility>
#include <vector>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using admin::interrupt_status;

namespace {

constexpr auto io = asio::as_tuple(asio::use_awaitable);

/// A count that takes longer than this part of health-check-timeout is broken off: the server is well all the same.
constexpr int parts_of_check = 4;

std::string text_of(const protocol::server_error& error) {
  return fmt::format("{}: {}", error.code, error.message);
}

}  // namespace

health_check::health_check(gateway& shared, cluster& owner, backend_ptr target, poller& on)
    : shared_(shared), owner_(owner), target_(std::move(target)), on_(on), pause_(on.executor()) {}

void health_check::start() {
  target_->health().set_checked(true);
  asio::co_spawn(on_.executor(), run(shared_from_this()), asio::detached);
}

void health_check::stop() {
  stopped_ = true;
  pause_.cancel();
  if (connection_) connection_->close();
}

awaitable<void> health_check::run(std::shared_ptr<health_check> /*self*/) {
  while (!stopped_) {
    if (!target_->resolved()->empty()) co_await check();  // a name that is not resolved yet is told where that fails
    if (stopped_) break;
    pause_.expires_after(target_->health().pause());
    co_await pause_.async_wait(io);
  }
  if (connection_) connection_->close();
}

/// Within health-check-timeout.
awaitable<void> health_check::check() {
  late_ = false;
  why_.clear();
  seen_ = {};
  asio::steady_timer limit(on_.executor(), shared_.settings.health_check_timeout);
  limit.async_wait([self = shared_from_this()](const error_code& ec) {
    if (ec) return;
    self->late_ = true;
    if (self->connection_) self->connection_->close();
  });
  auto how = co_await look();
  // The connection that was kept may have been closed, or its server restarted: a fresh one has to say so.
  if (how == answer::lost && !is_new_ && !late_ && !stopped_) how = co_await look();
  limit.cancel();
  if (!stopped_) conclude(how);
}

awaitable<health_check::answer> health_check::look() {
  is_new_ = !connection_ || !connection_->is_ready();
  if (is_new_) {
    if (const auto how = co_await connect(); how != answer::read) co_return how;
  }
  auto how = co_await read_only();
  if (how == answer::read) how = co_await read_globals();
  if (how == answer::read && routines_are_due(clock::now())) how = co_await look_at_routines();
  if (how == answer::lost) connection_.reset();
  co_return how;
}

awaitable<health_check::answer> health_check::connect() {
  const auto made = std::make_shared<control_connection>(shared_.settings, owner_.settings(), *target_, shared_.keys,
                                                         shared_.tls, on_);
  connection_ = made;
  const auto failed = co_await made->log_in({});
  if (made->greeting().flags != 0) shared_.clusters.learn(*target_, made->greeting());
  if (!failed) co_return answer::read;
  made->close();
  connection_.reset();
  why_ = failed->message;
  if (failed->status != interrupt_status::backend_refused) co_return answer::lost;
  why_ = fmt::format("the control account cannot log in: {}: {}", failed->code, failed->message);
  co_return answer::refused;
}

awaitable<health_check::answer> health_check::read_only() {
  const auto begun = clock::now();
  const auto told = co_await connection_->query("SELECT @@global.read_only");
  why_ = told.error ? text_of(*told.error) : "it closed the connection of the control account";
  if (told.lost) co_return answer::lost;
  if (told.error) co_return answer::refused;
  seen_.took = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun);
  const auto rows = read_rows(told.packets);
  // MariaDB 12 has words for it.
  if (!rows.empty()) seen_.read_only = rows.front().front() != "0" && rows.front().front() != "OFF";
  co_return answer::read;
}

awaitable<health_check::answer> health_check::read_globals() {
  const auto asked = clock::now();
  const auto told = co_await connection_->query("SHOW GLOBAL VARIABLES");
  if (told.lost) co_return answer::lost;
  if (told.error) {
    why_ = text_of(*told.error);
    co_return answer::refused;
  }
  std::vector<server_globals::variable> read;
  for (auto& row : read_rows(told.packets)) {
    if (row.size() == 2) read.emplace_back(std::move(row.front()), std::move(row.back()));
  }
  target_->globals().add(server_globals(std::move(read)), asked, !is_new_);
  co_return answer::read;
}

bool health_check::routines_are_due(clock::time_point now) const {
  const auto interval = shared_.settings.routine_check_interval;
  return interval.count() > 0 && (!routines_looked_at_ || is_new_ || now - *routines_looked_at_ >= interval);
}

/// None: `how` says why, and so do the hidden changes.
awaitable<std::optional<std::uint64_t>> health_check::count(const std::string& question, answer& how) {
  const auto told = co_await connection_->query(question);
  how = told.lost ? answer::lost : answer::read;
  const auto rows = told.lost || told.error ? std::vector<text_row>() : read_rows(told.packets);
  std::uint64_t number = 0;
  const auto* const text = rows.empty() ? nullptr : &rows.front().front();
  if (text != nullptr && std::from_chars(text->data(), text->data() + text->size(), number).ec == std::errc())
    co_return number;
  target_->hidden().note_unknown(told.error ? text_of(*told.error) : "the server did not tell of its stored programs");
  co_return std::nullopt;
}

/// What the account may not see is unknown, and no failure of the check.
awaitable<health_check::answer> health_check::look_at_routines() {
  const auto asked = clock::now();
  const auto& version = connection_->greeting().server_version;
  const auto questions = questions_for(version, shared_.settings.health_check_timeout / parts_of_check);
  const auto rights = co_await connection_->query(questions.rights);
  if (rights.lost) co_return answer::lost;
  std::vector<std::string> granted;
  if (!rights.error) {
    for (auto& row : read_rows(rights.packets)) granted.push_back(std::move(row.front()));
  }
  // A connection keeps the rights of its login: what was granted or revoked since counts for a fresh one.
  if (!is_new_ && granted != granted_) co_return answer::lost;
  granted_ = std::move(granted);
  routines_looked_at_ = asked;
  if (const auto missing = missing_right(granted_, version); !missing.empty()) {
    target_->hidden().note_unknown(fmt::format("the control account lacks {}", missing));
    co_return answer::read;
  }
  std::uint64_t risky = 0;
  for (const auto& question : questions.counts) {
    auto how = answer::read;
    const auto counted = co_await count(question, how);
    if (!counted) co_return how;
    risky += *counted;
  }
  target_->hidden().note(risky, asked);
  co_return answer::read;
}

/// A server that refuses the account is there: logins tell then how it is.
void health_check::conclude(answer how) {
  auto& health = target_->health();
  health.set_checked(how != answer::refused);
  if (how == answer::lost) {
    note_unreached(shared_, owner_, *target_, late_ ? "no answer within health-check-timeout" : why_);
    return;
  }
  note_reached(shared_, owner_, *target_);
  const bool refused = how == answer::refused;
  if (refused && !std::exchange(told_, true)) {
    log_event(log_level::warning, "health_check_refused",
              {{"cluster", owner_.name()}, {"backend", target_->name()->text()}, {"error", why_}});
  }
  told_ = refused;
  seen_.problem = refused ? why_ : std::string();
  target_->note_check(seen_);
}

}  // namespace sessiongate::proxy
