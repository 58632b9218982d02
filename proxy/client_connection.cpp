#include "proxy/client_connection.hpp"

#include "proxy/error_reply.hpp"
#include "proxy/held_socket.hpp"
#include "proxy/log.hpp"
#include "proxy/login.hpp"
#include "proxy/proxysys.hpp"
#include "proxy/relay.hpp"
#include "proxy/session_events.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;
using session::stop_reason;

client_connection::client_connection(gateway& shared, worker& home, int accepted, session::client_session_ids ids,
                                     session::endpoint address, connection_limit::place place)
    : client_session(ids, std::move(address), home.thread_id(), shared.clusters.standard().name()),
      shared_(shared),
      home_(home),
      client_(home.poller(), accepted),
      cluster_(&shared.clusters.standard()),
      place_(std::move(place)) {
  home_.add_load();
}

client_connection::~client_connection() {
  home_.drop_load();
}

void client_connection::start() {
  if (ended()) return;  // killed between accept and here
  home_.link(*this);
  if (shared_.draining.load(std::memory_order_relaxed)) drain();
  home_.counters().accepted.add(1);
  log_event(log_level::debug, "session_opened",
            {{"cs_id", cs_id()}, {"client", this->client_session::client().text()}});
  asio::co_spawn(home_.executor(), run(shared_from_this()), asio::detached);
}

awaitable<void> client_connection::run(std::shared_ptr<client_connection> self) {
  try {
    auto outcome = co_await login(*self);
    if (const auto* refused = std::get_if<session::stop_request>(&outcome)) {
      self->end(*refused);
    } else if (auto* account = std::get_if<logged_in_account>(&outcome)) {
      start_relay(self, std::move(*account));
      self->look_at_drain();
      co_return;
    } else {
      co_await serve_proxysys(*self, std::get<logged_in_proxysys>(std::move(outcome)));
    }
  } catch (const std::exception& error) {
    self->end({stop_reason::internal_error, error.what()});
  }
  self->end({stop_reason::internal_error, "the session's coroutine ended without a reason"});
  self->detach_backend();
}

void client_connection::end(session::stop_request why) {
  if (ended()) return;
  why_ = std::move(why);
  note_own_kill(bound_ && bound_->running());
  worker_hook::unlink();  // here and not in the destructor, which may run on another thread
  publish_state(session::client_session_state::closed);
  home_.counters().stops[static_cast<std::size_t>(why_.reason)].add(1);
  log_end();
  record_end();
  tell_closed(*this, why_, logged_in_);
  acting().give_back(home_.statements());
  credential_.store(std::shared_ptr<const session_credential>());
  give_places_back();  // who sees the connection end may want its place
  client_.close();
  if (!authenticating_) detach_backend();
  shared_.ids.retire(cs_id());
  shared_.sessions.remove(cs_id());
  if (const auto marks = std::move(marks_)) tell_marks(marks->take_all(), why_);
}

void client_connection::tell_and_end(const protocol::server_error& told, session::stop_request why) {
  if (!ended() && may_tell_ && may_tell_()) {
    note_error();
    send_last_error(client_, told);
    client_.discard_input(home_.buffer());
  }
  end(std::move(why));
}

void client_connection::give_places_back() {
  const auto place = std::move(place_);
  const auto name_place = std::move(name_place_);
}

void client_connection::log_end() const {
  const auto identity = who();
  const auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - accepted_at());
  log_event(log_level::info, "session_closed",
            {{"cs_id", cs_id()},
             {"connection_id", bound_ ? bound_->connection_id() : 0U},
             {"client", client_session::client().text()},
             {"user", identity->user},
             {"tenant", identity->tenant},
             {"cluster", identity->cluster},
             {"reason", session::to_text(why_.reason)},
             {"detail", why_.detail},
             {"lived_ms", lived.count()}});
}

void client_connection::record_end() {
  shared_.closed.add({.ids = {cs_id(), proxy_sessid()},
                      .client = client_session::client(),
                      .who = who(),
                      .database = database(),
                      .connection_id = bound_ ? bound_->connection_id() : 0U,
                      .backend = bound_ ? bound_->shared_backend() : nullptr,
                      .accepted_at = accepted_at(),
                      .closed_at = clock::now(),
                      .why = why_,
                      .transactions = transaction_count(),
                      .bytes_from_client = activity().bytes_from_client(),
                      .bytes_from_server = activity().bytes_from_server(),
                      .logged_in = logged_in_,
                      .was_running = statement_running(),
                      .was_in_transaction = in_transaction()});
}

session::stop_report client_connection::report() {
  session::stop_report found{.found = true, .server_sessions = {}};
  if (!bound_) return found;
  const bool running = bound_->running();
  found.server_sessions.push_back({.session = bound_, .was_running = running});
  if (!running || !backend_) return found;
  const int held = backend_->duplicate();
  if (held >= 0) found.server_sessions.back().held = std::make_shared<held_socket>(held);
  return found;
}

/// What the proxy ends of its own accord is a kill, too, and so is what a client leaves running when it goes away in
/// the middle of a statement. A kill looks after what it leaves by itself, and who says COM_QUIT behind a statement
/// wants it done.
void client_connection::note_own_kill(bool running) {
  using admin::command_face;
  using admin::command_kind;
  const bool drained = why_.reason == stop_reason::drained;
  const auto begin = [this](command_kind verb, command_face face) {
    const auto words = why_.detail.empty() ? std::string(session::to_text(why_.reason)) : why_.detail;
    return admin::begin_record(verb, admin::proxy_itself(face), *this, words);
  };
  switch (why_.reason) {
    case stop_reason::drained:
    case stop_reason::client_gone:
    case stop_reason::client_stalled:
    case stop_reason::protocol_error:
    case stop_reason::internal_error:
      break;
    default:
      return;
  }
  if (running && shared_.abandoned.wanted()) {
    shared_.abandoned.interrupt(drained ? begin(command_kind::kill_session, command_face::drain)
                                        : begin(command_kind::kill_server_session, command_face::disconnect),
                                report());
  } else if (drained) {
    auto done = begin(command_kind::kill_session, command_face::drain);
    if (running) {
      done.target.interrupt = admin::interrupt_status::no_route;
      done.end = admin::kill_end::no_route;
      done.message = "Its statement goes on: interrupt-on-disconnect is off";
    }
    shared_.trail.add(std::move(done));
  }
}

void client_connection::stop(session::stop_request why, session::stop_handler done) {
  asio::post(home_.executor(), [self = shared_from_this(), why = std::move(why), done = std::move(done)]() mutable {
    session::stop_report found;
    if (!self->ended()) {
      found = self->report();
      self->end_told(std::move(why));
    }
    if (done) done(std::move(found));
  });
}

void client_connection::end_server_session(std::uint64_t ss_id, session::stop_request why, session::stop_handler done) {
  asio::post(home_.executor(), [self = shared_from_this(), ss_id, why = std::move(why), done = std::move(done)]() {
    if (!self->ended() && self->bound_ && self->bound_->ss_id() == ss_id) {
      self->end_server_session_now(why, done);
    } else if (done) {
      done({});
    }
  });
}

/// When what another server session needs has been taken from it. It may end otherwise meanwhile.
void client_connection::end_server_session_now(session::stop_request why, session::stop_handler done) {
  with_state_saved([self = shared_from_this(), ss_id = bound_->ss_id(), why = std::move(why),
                    done = std::move(done)](session::recovery_obstacle obstacle) {
    session::stop_report found{.found = true, .server_sessions = {}, .obstacle = obstacle};
    if (self->bound_ && self->bound_->ss_id() == ss_id) {
      found = self->report();
      found.obstacle = obstacle;
      self->lose_server_session(why);
    }
    if (done) done(std::move(found));
  });
}

void client_connection::with_state_saved(state_handler then) {
  if (save_state_)
    save_state_(std::move(then));
  else
    then(session::recovery_obstacle::no_credentials);
}

void client_connection::lose_server_session(const session::stop_request& why) {
  const auto ss_id = bound_->ss_id();
  log_event(log_level::info, "server_session_closed",
            {{"cs_id", cs_id()},
             {"ss_id", ss_id},
             {"connection_id", bound_->connection_id()},
             {"reason", session::to_text(why.reason)},
             {"detail", why.detail}});
  lost_because_ = why;
  detach_backend();
  if (!marks_) return;
  auto asked = marks_->take_about(ss_id);
  note_marks();
  tell_marks(std::move(asked), why);
}

stream& client_connection::make_backend() {
  detach_backend();
  backend_ = std::make_unique<stream>(home_.poller());
  return *backend_;
}

std::string client_connection::server_version() const {
  return (server_ ? server_->last_greeting() : cluster_->last_greeting())->server_version;
}

bool client_connection::bind_backend(backend_ptr server, session::connection_origin origin) {
  if (!shared_.sessions.bind(origin.connection_id, cs_id())) return false;
  server_ = std::move(server);
  bound_ =
      std::make_shared<session::server_session>(shared_.ids.next_server_session(), server_->name(), std::move(origin));
  add_server_session(bound_);
  note_marks();
  return true;
}

void client_connection::detach_backend() {
  if (backend_) backend_->close();
  if (!bound_) return;
  shared_.sessions.unbind(bound_->connection_id(), cs_id());
  remove_server_session(bound_->ss_id());
  bound_.reset();
  serving_ = nullptr;
}

void client_connection::logged_in(session::identity who, std::string database) {
  home_.counters().logins.add(1);
  publish_identity(std::move(who));
  publish_database(std::move(database));
  publish_state(session::client_session_state::active_reader);
  logged_in_ = true;
  home_.counters().login_time.add(acting().begin_idle());
  tell_opened(*this);
}

void client_connection::logged_in_as_proxysys() {
  proxysys_ = true;
  hold_name_place({});
  logged_in(*who(), {});
}

}  // namespace sessiongate::proxy
