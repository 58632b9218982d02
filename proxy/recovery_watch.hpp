// What counts for replacing the server session of a client session by a fresh one, as far as it is seen from outside:
// the login that made it, its prepared statements, and what it holds that no other server session can be given. Belongs
// to one relay, on its worker; only sessions of clusters with credentials have one.
//
// Statements are judged by their text when they are sent, whether they succeed or not: what may have happened counts as
// having happened, until COM_RESET_CONNECTION or COM_CHANGE_USER. What a live server session says of itself before a
// planned end is better than that (session_snapshot.hpp).
#pragma once

#include "proxy/prepared_statements.hpp"
#include "proxy/statement_hazards.hpp"

#include "protocol/change_user.hpp"
#include "protocol/command_framer.hpp"
#include "protocol/handshake_response.hpp"
#include "protocol/status_flags.hpp"
#include "session/recovery_obstacle.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class recovery_watch {
 public:
  /// `login` as it went to the server, without an authentication response; `negotiated` with the client. `size_max`:
  /// bytes of prepared statements that are kept.
  recovery_watch(protocol::handshake_response login, protocol::capabilities negotiated, std::size_t size_max);

  // What goes to the server. `place` is its place in the tracker's queue.
  void begin_query(std::string_view text, bool complete);
  void begin_prepare(std::string_view text, bool complete, preparing_state under, std::uint8_t place);
  /// All others; those without a response, too. `shown_id`: the id that the client named, where the command has been
  /// given the server's.
  void begin_command(const protocol::command_framer::step& started, std::optional<std::uint32_t> shown_id,
                     std::uint8_t place);
  /// `keeps_role`: the session may have another role afterwards than a login as that user gives.
  void begin_change_user(const protocol::change_user& wanted, bool keeps_role);

  struct response {
    protocol::command answered = protocol::command::sleep;
    std::uint8_t place = 0;
    std::uint16_t error = 0;
    protocol::status_flags status = 0;
    std::uint32_t prepared_id = 0;
    std::uint16_t prepared_parameters = 0;
    bool has_insert_id = false;
  };
  void end_response(const response& ended);

  /// What it holds or has done that is in the way when nothing was asked of the server beforehand; none when nothing
  /// is.
  [[nodiscard]] session::recovery_obstacle obstacle() const;
  /// What is in the way even then.
  [[nodiscard]] session::recovery_obstacle certain_obstacle() const;
  [[nodiscard]] statement_hazards hazards() const { return hazards_; }
  /// Counts statements that may have changed any setting unseen.
  [[nodiscard]] std::uint32_t unseen_changes() const { return unseen_changes_; }

  /// The login that makes a session like this one was before anything was set.
  [[nodiscard]] const protocol::handshake_response& login() const { return login_; }
  /// When that was, or the last COM_CHANGE_USER or COM_RESET_CONNECTION: what was not set since is what the server gave
  /// then.
  [[nodiscard]] std::chrono::steady_clock::time_point logged_in_at() const { return logged_in_at_; }
  /// And what came of it last. The two others take away what init_connect has set, and the capabilities that set a
  /// variable at a login.
  enum class beginning : std::uint8_t { login, reset, change_user };
  [[nodiscard]] beginning began_with() const { return began_with_; }
  /// And COM_SET_OPTION with this; none was sent otherwise.
  [[nodiscard]] std::optional<std::uint16_t> option() const { return option_; }

  [[nodiscard]] prepared_statements& prepared() { return prepared_; }

  /// What the session knew alone when it is lost unasked: hazard::reads_…
  [[nodiscard]] statement_hazards gaps_when_lost() const;
  /// The session has another server session, which cannot answer these.
  void recovered(statement_hazards gaps);
  [[nodiscard]] bool has_gaps() const { return gaps_ != 0; }
  /// The text asks for such a thing; none otherwise.
  [[nodiscard]] session::recovery_obstacle gap_in(std::string_view text) const;
  /// It asks for the last insert id and for nothing else that went before: the server may be asked that first.
  [[nodiscard]] bool asks_for_insert_id_alone(std::string_view text) const;
  /// The server session has an insert id of its own.
  void close_insert_id_gap() { gaps_ &= ~hazard::reads_last_insert_id; }
  /// It may have another role than its login gave.
  [[nodiscard]] bool may_have_set_role() const { return (hazards_ & (hazard::role | hazard::hidden)) != 0; }
  /// The server was asked.
  void note_role(bool has_one) { hazards_ = has_one ? hazards_ | hazard::role : hazards_ & ~hazard::role; }
  /// Of the last response: how a text is read depends on them.
  void note_status(protocol::status_flags now) { status_ = now; }

 private:
  struct pending {
    std::uint8_t place = 0;
    std::uint32_t statement_id = 0;  // the client's
    std::uint16_t option = 0;
    std::string text{};
    preparing_state under{};
  };

  [[nodiscard]] statement_hazards hazards_of(std::string_view text, bool complete) const;
  [[nodiscard]] bool changes_unseen(std::string_view text) const;
  void finish(pending done, const response& ended);
  void reset();
  void note_execution(std::uint32_t statement_id, protocol::bytes_view payload);
  void forget(std::uint32_t statement_id);
  void flag(std::uint32_t statement_id, bool prepared_statements::statement::* which, bool on);
  void unflag(std::uint32_t statement_id);

  protocol::handshake_response login_;
  protocol::handshake_response next_login_;  // while a COM_CHANGE_USER is under way
  bool keeps_role_ = false;                  // then
  protocol::capabilities negotiated_;
  std::size_t size_max_;
  std::chrono::steady_clock::time_point logged_in_at_ = std::chrono::steady_clock::now();
  prepared_statements prepared_;
  std::vector<pending> pending_;
  statement_hazards hazards_ = 0;
  std::optional<std::uint16_t> option_;
  std::uint32_t unseen_changes_ = 0;
  std::size_t flagged_ = 0;  // prepared statements with long data or a cursor
  beginning began_with_ = beginning::login;
  bool replicates_ = false;
  bool too_large_ = false;
  bool insert_id_seen_ = false;
  statement_hazards gaps_ = 0;
  protocol::status_flags status_ = 0;
};

}  // namespace sessiongate::proxy
