// A session at work: bytes from the client to the backend and back, as they arrive, with the framer and the tracker
// looking on ("Command Phase").
//
// Two tasks on the session's worker, one for each direction, share this object; it lives until both have ended. Each
// waits until its side is readable, reads into the worker's buffer and sends at once. Only what the other side does not
// take, half a command head, and a statement for the proxy itself are kept, and while something is kept nothing more is
// read from that side.
#pragma once

#include "proxy/admin_conversation.hpp"
#include "proxy/backend_login.hpp"
#include "proxy/change_user_exchange.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/login.hpp"
#include "proxy/lost_session.hpp"
#include "proxy/state_tracking.hpp"
#include "proxy/task.hpp"
#include "proxy/wait_slot.hpp"

#include "protocol/change_user.hpp"
#include "protocol/command_framer.hpp"
#include "protocol/response_tracker.hpp"

#include <memory>
#include <optional>

namespace sessiongate::proxy {

class relay final : public own_server_session, public std::enable_shared_from_this<relay> {
 public:
  relay(std::shared_ptr<client_connection> connection, logged_in_account account);
  ~relay() override;
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  task<> client_to_backend();
  task<> backend_to_client();
  /// Starts backend_to_client(), on the server session that there is now.
  void start_reading();
  /// What should not happen: a task threw.
  void fail(std::string_view why);

  [[nodiscard]] bool may_share_server(const session::server_session& other) const override;
  awaitable<reply> ask(std::string statement) override;
  awaitable<admin::interrupt_answer> kill(std::uint32_t connection_id, admin::interrupt_scope scope,
                                          std::shared_ptr<const session::server_session> meant) override;

 private:
  /// What a look at the client's bytes found: how many go to the backend now, and why not all.
  struct scan {
    enum class halt : std::uint8_t {
      none,
      need_more,    // half a head, or a statement that may be for the proxy
      answer,       // a whole command for the proxy
      change_user,  // a whole COM_CHANGE_USER, which has to be edited
      ask_report,   // a SET: the server has to be asked to report what it changes
      auth_packet,  // a whole packet of the authentication that it led to
      queue_full,   // too many commands wait for their response
      stop_waits,   // a gentle stop waits: the session may have to end before the command
      no_backend,   // the server session has ended
      bind_types,   // an execution that does not tell its types to a server session that does not know them
      translate,    // a prepared statement has another number on the server than for the client
      gap,          // the command asks for what only the server session before this one knew
      role,         // a COM_RESET_CONNECTION: what it keeps has to be known
      malformed,
    };
    std::size_t forward = 0;
    halt why = halt::none;
  };

  // Client to backend.
  scan scan_client(protocol::bytes_view input);
  scan::halt consider(const protocol::command_framer::step& started);
  void begin_command(const protocol::command_framer::step& started);
  bool forward_at_once(protocol::bytes_view fresh);
  task<> settle();
  task<> resolve(scan::halt why);
  task<> answer_command();
  task<> change_user();
  task<> ask_report();
  task<> hold_command();
  // Sessions whose server session can be replaced (relay_recovery.cpp).
  scan::halt consider_recovery(const protocol::command_framer::step& started);
  [[nodiscard]] std::string_view statement_of(const protocol::command_framer::step& started) const;
  void watch_command(const protocol::command_framer::step& started);
  void watch_response(protocol::command answered, bool with_insert_id);
  task<> translate_statement();
  [[nodiscard]] bool misses_types(const protocol::command_framer::step& started) const;
  task<> bind_types();
  task<> fill_gap();
  awaitable<bool> has_insert_id();
  // The role (relay_role.cpp).
  task<> ask_role();
  task<bool> keeps_role(std::string user);
  task<bool> has_role();
  [[nodiscard]] session::recovery_obstacle obstacle_of_planned_end() const;
  void save_state(client_connection::state_handler done);
  static awaitable<void> read_state(std::shared_ptr<relay> self);
  void finish_saving(recovery_failure found);
  void note_loss(session::recovery_obstacle obstacle);
  void publish_outlook();
  bool drop_closing();
  void count_recovery(session::recovery_obstacle obstacle, session::ticks took);
  void outlive_server_session(std::string_view how);
  void end_lost_in_statement(std::string_view how);
  task<> replace_server_session();
  awaitable<std::optional<recovery_failure>> recover();
  void begin_anew(const backend_login& made);
  void refuse_unrecovered(const recovery_failure& why);
  [[nodiscard]] std::string_view text_of(const protocol::command_framer::step& started) const;
  [[nodiscard]] bool wants_report(const protocol::command_framer::step& started) const;
  void follow_command(const protocol::command_framer::step& started);
  void show_text(const protocol::command_framer::step& started, std::string_view text);
  scan::halt consider_auth_packet(protocol::bytes_view input) const;
  task<> authenticate_client();
  protocol::bytes_view authenticate_backend(protocol::bytes_view input);
  void act_on_backend(auth_exchange::step next, protocol::bytes& for_client);
  void refuse_change_user(const protocol::server_error& error, session::stop_reason reason);
  awaitable<reply> ask(protocol::bytes command, std::size_t answer_max);
  awaitable<std::optional<admin::interrupt_answer>> look_for(session::connection_origin meant);
  bool send_whole(stream& to, protocol::bytes_view packet);
  void finish_change_user();
  void refuse_command(const protocol::server_error& error, session::stop_request why);
  void client_closed(const error_code& ec);

  // Backend to client.
  protocol::bytes_view track(protocol::bytes_view input);
  void keep_own_response(protocol::bytes_view piece);
  void on_event(const protocol::response_tracker::step& step, protocol::command answered);
  void on_response_complete(protocol::command answered);
  void apply_session_state(protocol::bytes_view ok_payload, bool after_reset);
  protocol::bytes begin_own_statement(protocol::bytes_view command);
  void finish_own_statement();
  void follow_response(protocol::command answered);
  void state_was_reset();
  task<> send_rest(protocol::bytes_view rest);
  void responses_delivered();
  void backend_closed(const error_code& ec);
  void server_session_lost();

  /// Nothing is on its way to the client.
  [[nodiscard]] bool quiet() const { return tracker_.idle() && !writing_to_client_; }
  /// As quiet(), or only a statement of the proxy's own is still without its answer.
  [[nodiscard]] bool quiet_for_client() const { return owes_nothing() && !writing_to_client_; }
  /// Nothing is owed to the client.
  [[nodiscard]] bool owes_nothing() const { return tracker_.idle() || (own_statement_ && tracker_.outstanding() == 1); }
  /// No response is under way that an error of the proxy's would cut into: it is the next one then.
  [[nodiscard]] bool may_tell_client() const {
    if (writing_to_client_ || exchange_) return false;
    return tracker_.idle() || own_statement_ || tracker_.at_response_start();
  }
  /// Waits until `condition()` holds; false when the session or its server session ended first.
  template <class Condition>
  task<bool> wait_until(Condition condition) {
    while (!condition() && !broken()) co_await changed_.until_woken();
    co_return condition() && !connection_.ended();
  }
  [[nodiscard]] bool broken() const { return connection_.ended() || connection_.bound() == nullptr; }

  std::shared_ptr<client_connection> keep_;
  client_connection& connection_;
  admin_conversation admin_;
  protocol::capabilities client_capabilities_;
  protocol::capabilities backend_capabilities_;
  protocol::command_framer framer_;
  protocol::response_tracker tracker_;
  state_tracking state_;
  wait_slot changed_;  // woken when a response is complete and when something ended

  protocol::bytes kept_;  // from the client, not dealt with; the first unsent_ bytes of it go to the backend
  std::size_t unsent_ = 0;
  std::uint64_t response_size_ = 0;  // bytes of the response that is under way
  scan::halt halt_ = scan::halt::none;
  std::unique_ptr<lost_session> replacing_;  // null: the server session cannot be replaced
  std::unique_ptr<std::vector<client_connection::state_handler>> saving_;  // who waits for read_state()
  wait_slot saved_;                                                        // the client's direction, for the same
  std::optional<std::uint32_t> shown_id_;           // the client's id in the command that translate_statement() edited
  bool role_asked_ = false;                         // for the command that is next
  std::unique_ptr<change_user_exchange> exchange_;  // while a COM_CHANGE_USER is under way
  std::unique_ptr<session::identity> next_identity_;  // while a COM_CHANGE_USER is under way
  std::unique_ptr<login_evidence> next_login_;        // what it told of its password
  name_limit::place next_place_;                      // of its user, when that is another
  std::string next_database_;                         // while a COM_CHANGE_USER or COM_INIT_DB is under way
  protocol::bytes own_response_;                      // to a statement of our own
  std::size_t own_response_max_ = 0;                  // bytes of it that are kept
  bool own_statement_ = false;                        // the oldest outstanding response is not the client's
  bool asking_report_ = false;                        // that one is ask_report()'s
  bool forward_next_ = false;                         // the next command was looked at already: it is the backend's
  bool quit_seen_ = false;
  bool recovering_ = false;
  bool reading_backend_ = false;  // backend_to_client() runs
  bool writing_to_client_ = false;
};

/// Starts the two tasks; the session lives on by itself.
void start_relay(std::shared_ptr<client_connection> connection, logged_in_account account);

}  // namespace sessiongate::proxy
