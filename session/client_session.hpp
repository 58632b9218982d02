// A client session: one connection of a client to the proxy, and the set of server sessions behind it.
//
// This is the record that listings and kills work with. Its life and its I/O belong to one worker: the class that
// derives from it in proxy/ owns the sockets and is the only writer. Other threads read the published fields, and end
// the session through stop() and end_server_session(), which only post to the worker.
#pragma once

#include "protocol/connect_attributes.hpp"
#include "session/endpoint.hpp"
#include "session/gentle_stop.hpp"
#include "session/held_connection.hpp"
#include "session/ids.hpp"
#include "session/published.hpp"
#include "session/recovery_obstacle.hpp"
#include "session/server_session.hpp"
#include "session/session_activity.hpp"
#include "session/session_state.hpp"
#include "session/stop_reason.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::session {

/// The original's names: MCS_INIT until the login is complete, MCS_ACTIVE_READER from then on, MCS_CLOSED.
enum class client_session_state : std::uint8_t { init, active_reader, closed };
std::string_view to_text(client_session_state state);

/// Who logged in. Empty until then.
struct identity {
  std::string user;  // the backend account's name
  std::string tenant;
  std::string cluster;
  protocol::connect_attributes attributes;  // those of shown_attributes()
};

/// What a listing shows of what a client says about itself, cut to a bounded length: a client may send 64 KiB of it.
protocol::connect_attributes shown_attributes(const protocol::connect_attributes& sent);

/// What became of a stop that was asked for.
enum class stop_end : std::uint8_t {
  stopped,          // it was carried out
  ended_otherwise,  // gentle ones: the session ended for another reason first
  withdrawn,        // gentle ones: it was taken back
};

/// What a stop found, told by the session's worker when everything is closed.
struct stop_report {
  struct server_thread {
    std::shared_ptr<const server_session> session;
    bool was_running = false;  // a statement was in flight: closing the connection does not interrupt it
    /// Of one that was running: until this goes, its connection_id is nobody else's. Null where there is no socket.
    std::shared_ptr<const held_connection> held{};
  };
  bool found = false;  // false: it had ended already (or has no such server session)
  std::vector<server_thread> server_sessions;
  /// end_server_session(): why the client session will not get another one; none: it will, at its next statement.
  recovery_obstacle obstacle = recovery_obstacle::no_credentials;
  stop_end end = stop_end::stopped;
  stop_request ended_with{};  // ended_otherwise: why the session ended
};

using stop_handler = std::function<void(stop_report)>;
using server_session_list = std::vector<std::shared_ptr<server_session>>;

class client_session {
 public:
  using clock = std::chrono::system_clock;

  client_session(client_session_ids ids, endpoint client, std::int32_t worker_tid, std::string default_cluster);
  virtual ~client_session() = default;
  client_session(const client_session&) = delete;
  client_session& operator=(const client_session&) = delete;

  // Fixed at accept.
  [[nodiscard]] std::uint32_t cs_id() const { return ids_.cs_id; }
  [[nodiscard]] std::uint64_t proxy_sessid() const { return ids_.proxy_sessid; }
  [[nodiscard]] std::int32_t worker_tid() const { return worker_tid_; }
  [[nodiscard]] clock::time_point accepted_at() const { return accepted_at_; }

  // Published: any thread.
  /// The connection's own address until a PROXY header names another.
  [[nodiscard]] endpoint client() const { return *client_.load(); }
  [[nodiscard]] std::shared_ptr<const identity> who() const { return who_.load(); }
  [[nodiscard]] std::shared_ptr<const std::string> database() const { return database_.load(); }  // "" for none
  [[nodiscard]] server_session_list server_sessions() const { return *server_sessions_.load(); }
  [[nodiscard]] client_session_state state() const { return state_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool using_ssl() const { return using_ssl_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool in_transaction() const { return in_transaction_.load(std::memory_order_relaxed); }
  /// Transactions that ended: the server's in-transaction flag went off.
  [[nodiscard]] std::uint64_t transaction_count() const { return transactions_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool statement_running() const { return running_.load(std::memory_order_relaxed); }
  /// Variables, last_insert_id, and how often each part of the state has changed.
  [[nodiscard]] const session_state& tracked() const { return tracked_; }
  /// What keeps its server session from being replaced when that ends: on purpose, where the server is asked for the
  /// state first; and unasked. none: it will be replaced at the next statement.
  [[nodiscard]] virtual recovery_obstacle obstacle_when_ended() const;
  [[nodiscard]] virtual recovery_obstacle obstacle_when_lost() const;
  /// What it does, since when, what it waits for, and its traffic.
  [[nodiscard]] const session_activity& activity() const { return activity_; }
  /// What the proxy has to log in as its user by itself, in a word; behind `none` is why. Empty: its cluster has
  /// nothing of the kind.
  [[nodiscard]] virtual std::string credentials() const { return {}; }
  /// The server session with this connection_id, or null.
  [[nodiscard]] std::shared_ptr<server_session> find_connection(std::uint32_t connection_id) const;
  /// The server session with this ss_id, or null.
  [[nodiscard]] std::shared_ptr<server_session> find_server_session(std::uint64_t ss_id) const;

  /// Ends the session: the client's and all server connections are closed at once. Any thread. `done` is called on the
  /// session's worker when that has happened; it is dropped uncalled when the proxy itself goes down first, so whoever
  /// waits for it waits with a limit.
  virtual void stop(stop_request why, stop_handler done) = 0;

  /// Ends one server session; the client session stays. Any thread; `done` as for stop().
  virtual void end_server_session(std::uint64_t ss_id, stop_request why, stop_handler done) = 0;

  /// Ends the session, or one of its server sessions, as soon as what `how` names is over: at once when nothing runs
  /// and no transaction is open. Any thread; `done` as for stop(), and also when the session ended otherwise first or
  /// the mark was withdrawn.
  virtual void stop_gently(gentle_stop how, stop_handler done) = 0;

  /// Takes such a stop back, if it still waits. Any thread.
  virtual void withdraw_stop(stop_mark mark) = 0;

 protected:
  // The worker only.
  void publish_client(endpoint address) { client_.store(std::move(address)); }
  void publish_identity(identity who) { who_.store(std::move(who)); }
  void publish_database(std::string name);  // counts a change when it is another one
  session_state& tracking() { return tracked_; }
  session_activity& acting() { return activity_; }
  /// What the session itself holds that is in the way; no_credentials until the first call.
  void publish_obstacles(recovery_obstacle when_ended, recovery_obstacle when_lost) {
    when_ended_.store(when_ended, std::memory_order_relaxed);
    when_lost_.store(when_lost, std::memory_order_relaxed);
  }
  void publish_state(client_session_state state) { state_.store(state, std::memory_order_relaxed); }
  void publish_using_ssl(bool on) { using_ssl_.store(on, std::memory_order_relaxed); }
  void publish_running(bool on) { running_.store(on, std::memory_order_relaxed); }
  /// Counts a transaction when the flag goes off; true when it did.
  bool publish_in_transaction(bool on);
  void add_server_session(std::shared_ptr<server_session> added);
  void remove_server_session(std::uint64_t ss_id);

 private:
  const client_session_ids ids_;
  const clock::time_point accepted_at_ = clock::now();
  const std::int32_t worker_tid_;
  std::atomic<client_session_state> state_{client_session_state::init};
  std::atomic<bool> using_ssl_{false};
  std::atomic<bool> in_transaction_{false};
  std::atomic<bool> running_{false};
  std::atomic<recovery_obstacle> when_ended_{recovery_obstacle::no_credentials};
  std::atomic<recovery_obstacle> when_lost_{recovery_obstacle::no_credentials};
  std::atomic<std::uint64_t> transactions_{0};
  published<endpoint> client_;
  published<identity> who_;
  session_state tracked_;
  session_activity activity_;
  published<std::string> database_{std::string()};
  published<server_session_list> server_sessions_{server_session_list()};
};

}  // namespace sessiongate::session
