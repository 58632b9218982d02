// How the relay learns what a session's state is on its server: from what the server reports inside OK packets (session
// tracking), and from the text of statements for what servers do not report. Belongs to one relay, on its worker; what
// it finds goes into the session's record (session/session_state.hpp).
//
// By itself a server reports the schema, autocommit, the character sets and the time zone. It is asked for all system
// variables when the client is about to set another one, with a statement of the proxy's own in front of the client's:
// most sessions never do, and none waits for it.
#pragma once

#include "proxy/assignments.hpp"
#include "proxy/client_connection.hpp"

#include "protocol/bytes.hpp"
#include "protocol/response_tracker.hpp"

#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class state_tracking {
 public:
  static constexpr std::string_view statement = "SET SESSION session_track_system_variables = '*'";

  /// `negotiated` with the backend, whose login ended with these flags.
  state_tracking(client_connection& connection, protocol::capabilities negotiated, protocol::status_flags status);

  /// The server may have to be asked to report more.
  [[nodiscard]] bool may_ask() const { return !asked_; }
  /// The client is about to send this SET: the server has to be asked to report more, first.
  [[nodiscard]] bool wants_more(std::string_view text, bool complete) const;
  /// statement has gone to the server.
  void asked() { asked_ = holds_ = true; }

  /// A statement that may change the session's state has gone to the server, and waits at this place of the tracker's
  /// queue.
  void begin_statement(std::string_view text, bool complete, std::uint8_t place);
  /// A response has ended with these flags, behind what it reported. True when the client has taken the tracking into
  /// its own hands.
  bool end_response(std::uint8_t place, std::uint16_t error, protocol::status_flags now) {
    const bool same = ((now ^ status_) & protocol::status_autocommit) == 0;
    if (same && begun_.empty() && reported_.empty() && !database_reported_) return false;
    return finish_response(place, error, now);
  }

  /// An OK with session state, to a command of the client's. True as with end_response().
  bool take_report(protocol::bytes_view ok_payload, bool after_reset);
  /// Another server session goes on in the place of the one before, and reports what that did.
  void server_replaced(protocol::status_flags status) {
    status_ = status;
    begun_.clear();
    reported_.clear();
    database_reported_ = false;
  }
  /// The server reports all variables, or is going to be asked to before the first that it would not report is set.
  [[nodiscard]] bool reports_all() const { return reports_all_; }
  /// It has been asked to.
  [[nodiscard]] bool has_asked() const { return holds_; }
  /// COM_RESET_CONNECTION or COM_CHANGE_USER succeeded.
  void reset();
  /// Since then the client has entered a database, perhaps the same again: its variables are that one's.
  [[nodiscard]] bool entered_database() const { return entered_; }

 private:
  struct statement_begun {
    std::uint8_t place = 0;
    std::vector<assignment> will;
  };

  bool finish_response(std::uint8_t place, std::uint16_t error, protocol::status_flags now);
  bool finish_statement(std::uint8_t place, std::uint16_t error);
  void apply(std::vector<assignment> done, bool failed);
  void leave_to_client();
  void brought_up();
  [[nodiscard]] bool is_told(const assignment& each) const;

  client_connection& connection_;
  std::vector<statement_begun> begun_;
  std::vector<std::string> reported_;  // the variables that the present response has reported
  bool database_reported_ = false;     // by it, too
  protocol::capabilities negotiated_;
  protocol::status_flags status_;
  bool reports_;        // the server reports something
  bool reports_all_;    // all that it is asked for
  bool asked_;          // or must not be
  bool holds_ = false;  // what the proxy asked for is in force
  bool entered_ = false;
};

/// The variables and the database that a login's OK reported, shared by sessions of this thread that logged in alike.
session::tracked_snapshot read_login_state(std::string_view state_info);

}  // namespace sessiongate::proxy
