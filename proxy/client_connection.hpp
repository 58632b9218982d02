// A client session with its sockets: from accept to close. Lives on one worker; the threads of others reach it only
// through the posting functions of its base (stop, end_server_session, stop_gently, withdraw_stop).
//
// Kept alive by the registry while it is live, and by its own coroutines until they have ended.
#pragma once

#include "proxy/gateway.hpp"
#include "proxy/session_guard.hpp"
#include "proxy/standstill.hpp"
#include "proxy/stop_marks.hpp"
#include "proxy/stream.hpp"
#include "proxy/worker.hpp"

#include "protocol/err_packet.hpp"
#include "session/client_session.hpp"

#include <functional>
#include <memory>

namespace sessiongate::proxy {

class client_connection final : public session::client_session,
                                public worker_hook,
                                public std::enable_shared_from_this<client_connection> {
 public:
  /// Takes over the accepted, non-blocking socket.
  client_connection(gateway& shared, worker& home, int accepted, session::client_session_ids ids,
                    session::endpoint address, connection_limit::place place);
  ~client_connection() override;

  void stop(session::stop_request why, session::stop_handler done) override;
  void end_server_session(std::uint64_t ss_id, session::stop_request why, session::stop_handler done) override;
  void stop_gently(session::gentle_stop how, session::stop_handler done) override;
  void withdraw_stop(session::stop_mark mark) override;

  // All that follows: the worker's thread only.

  /// Starts the session's coroutine.
  void start();

  /// Ends the session here and now. The first reason stays. Idempotent.
  void end(session::stop_request why);
  /// The same, but the client is told first, where no response is under way that an error would cut into.
  void tell_and_end(const protocol::server_error& told, session::stop_request why);
  /// Who talks with the client says so when that is; the answer is asked for on this thread. Empty: it never is.
  void may_be_told_when(std::function<bool()> between_responses) { may_tell_ = std::move(between_responses); }
  /// The client session stays when its server session goes: who talks with the client takes from that, before it is
  /// ended on purpose, what another one needs. `done` is called once, on this thread, then or later.
  using state_handler = std::function<void(session::recovery_obstacle)>;
  void save_state_by(std::function<void(state_handler done)> saver) { save_state_ = std::move(saver); }
  [[nodiscard]] bool ended() const { return why_.reason != session::stop_reason::none; }

  /// The proxy is stopping: a gentle stop behind the transaction.
  void drain();
  /// Between two statements: a gentle stop may be due.
  void end_if_due() {
    if (marks_) [[unlikely]]
      end_marked();
  }
  /// While the proxy itself answers a command, a gentle stop waits as it does for a statement.
  void set_answering(bool on) { answering_ = on; }

  /// Now and then, by the worker: ends the session when its client has not taken what is for it for too long, and acts
  /// when the session is beyond a limit.
  void look_at_clock(worker::clock::time_point now);
  /// A command that no server session counts: the client is not idle.
  void note_command() { ++own_commands_; }
  /// The proxy itself tells the client an error.
  void note_error() { home_.counters().proxy_errors.add(1); }

  /// It was let in above max-connections: for root@proxysys only.
  [[nodiscard]] bool in_reserve() const { return place_.in_reserve(); }
  /// What the session counts in: the logins in progress from its address, and then, until it ends, the sessions of its
  /// user. Leaves the one before.
  void hold_name_place(name_limit::place place) { name_place_ = std::move(place); }

  [[nodiscard]] gateway& shared() { return shared_; }
  [[nodiscard]] worker& home() { return home_; }
  [[nodiscard]] stream& client() { return client_; }

  /// Where its login leads: the standard one before that is known.
  [[nodiscard]] proxy::cluster& cluster() const { return *cluster_; }
  void choose_cluster(proxy::cluster& chosen) { cluster_ = &chosen; }
  /// The backend of its server session, or of the last one; null before the first.
  [[nodiscard]] const backend_ptr& server() const { return server_; }
  /// As that backend has told it, or another of the cluster.
  [[nodiscard]] std::string server_version() const;

  /// The connection to the backend; null before one was made, closed after it was ended.
  [[nodiscard]] stream* backend() { return backend_.get(); }
  /// The server session on it; null before the backend's greeting and after the end.
  [[nodiscard]] session::server_session* bound() { return bound_.get(); }
  /// The same while commands may go there without a further look; null while a gentle stop waits.
  [[nodiscard]] session::server_session* serving() { return serving_; }
  /// A fresh, unconnected stream in place of the one before: end() closes it from now on.
  stream& make_backend();
  /// The backend's greeting has numbered the connection: it is a server session now. False when the number clashes with
  /// a live cs_id: another connection must be made.
  [[nodiscard]] bool bind_backend(backend_ptr server, session::connection_origin origin);
  void detach_backend();
  /// While the backend waits for an authentication packet, end() leaves the connection open: the login takes leave
  /// politely and detaches (see backend_login.cpp).
  void set_authenticating(bool on) { authenticating_ = on; }
  /// From now on no command goes to the server session without a further look.
  void hold_commands(bool on) {
    holding_ = on;
    note_marks();
  }
  /// Ends the server session; the client session stays.
  void lose_server_session(const session::stop_request& why);
  /// The server session has ended while the client session stays.
  [[nodiscard]] bool lost_server_session() const { return lost_because_.reason != session::stop_reason::none; }
  /// Why the last one ended that did.
  [[nodiscard]] const session::stop_request& lost_because() const { return lost_because_; }

  /// The login is complete.
  void logged_in(session::identity who, std::string database);
  /// What the login, or the COM_CHANGE_USER, told of its password: null where nothing was noted. Before the client
  /// knows.
  void note_login(std::unique_ptr<login_evidence> told);
  /// As root@proxysys: authenticated by the proxy, without a backend.
  void logged_in_as_proxysys();
  [[nodiscard]] bool is_proxysys() const { return proxysys_; }

  /// What the proxy has to log in as the session's present user by itself. Any thread.
  [[nodiscard]] credential_view login_credential() const;
  [[nodiscard]] std::string credentials() const override;
  // Any thread: with what is known of the account and of the server.
  [[nodiscard]] session::recovery_obstacle obstacle_when_ended() const override;
  [[nodiscard]] session::recovery_obstacle obstacle_when_lost() const override;
  /// What was not set since then is what the server gave then.
  void note_login_time(std::chrono::steady_clock::time_point at) { logged_in_at_.store(at, std::memory_order_relaxed); }
  /// A backend has refused a login of the proxy's with `used`.
  void note_refusal(const credential& used, const protocol::server_error& refusal);

  using session::client_session::acting;
  using session::client_session::publish_client;
  using session::client_session::publish_database;
  using session::client_session::publish_identity;
  using session::client_session::publish_in_transaction;
  using session::client_session::publish_obstacles;
  using session::client_session::publish_running;
  using session::client_session::publish_using_ssl;
  using session::client_session::tracking;

 private:
  static awaitable<void> run(std::shared_ptr<client_connection> self);
  session::stop_report report();
  void note_own_kill(bool running);
  void log_end() const;
  void record_end();
  void give_places_back();
  void mark(stop_marks::entry asked);
  void note_marks();
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] bool is_withdrawn(const session::gentle_stop& how) const;
  void end_marked();
  void end_told(session::stop_request why);
  void end_server_session_now(session::stop_request why, session::stop_handler done);
  void with_state_saved(state_handler then);
  void leave_drained_backend(session::stop_request why, session::stop_handler done);
  void end_drained(session::stop_request why, session::recovery_obstacle obstacle);
  void look_at_drain();
  void refresh_guard();
  [[nodiscard]] session_look describe(bool writes) const;
  void act_on(guard which, worker::clock::time_point now);
  void end_by_guard(guard which);
  void end_by_age(worker::clock::time_point now);
  [[nodiscard]] admin::kill_record begin_guard_record(guard which) const;
  static void tell_marks(std::vector<stop_marks::entry> asked, const session::stop_request& why);

  gateway& shared_;
  worker& home_;
  stream client_;
  proxy::cluster* cluster_;
  std::unique_ptr<stream> backend_;
  backend_ptr server_;
  session::published<session_credential> credential_{std::shared_ptr<const session_credential>()};
  std::shared_ptr<session::server_session> bound_;
  session::server_session* serving_ = nullptr;  // bound_, or null while marks_ has some
  std::unique_ptr<stop_marks> marks_;           // null: no gentle stop waits
  session::stop_request why_;
  session::stop_request lost_because_;
  std::atomic<std::chrono::steady_clock::time_point> logged_in_at_{};
  connection_limit::place place_;
  name_limit::place name_place_;
  std::function<bool()> may_tell_;
  std::function<void(state_handler)> save_state_;
  standstill stalled_;
  std::unique_ptr<session_guard> guard_;                    // null: no limit concerns the session
  std::uint64_t settings_seen_ = 0;                         // that guard_ was made by
  std::shared_ptr<const session::identity> identity_seen_;  // that guard_ was made for
  std::uint32_t own_commands_ = 0;
  bool authenticating_ = false;
  bool answering_ = false;
  bool holding_ = false;
  bool proxysys_ = false;
  bool logged_in_ = false;
};

}  // namespace sessiongate::proxy
