// The relay's way from the backend to the client: responses are followed, not read.
#include "proxy/relay.hpp"

#include "proxy/error_reply.hpp"

#include <algorithm>

namespace sessiongate::proxy {

using protocol::command;
using protocol::response_tracker;
using session::stop_reason;
namespace er = protocol::er;

namespace {

/// Puts pieces together that mostly lie side by side already; copies only when they do not.
class gathering {
 public:
  void add(protocol::bytes_view piece) {
    if (piece.empty()) return;
    if (whole_.empty())
      whole_ = piece;
    else if (whole_.data() + whole_.size() == piece.data())
      whole_ = {whole_.data(), whole_.size() + piece.size()};
    else
      append_copy(piece);
  }
  /// `piece` does not stay valid.
  void add_copy(protocol::bytes_view piece) { append_copy(piece); }
  [[nodiscard]] protocol::bytes_view view() const { return whole_; }

 private:
  void append_copy(protocol::bytes_view piece) {
    static thread_local protocol::bytes copied;  // its content lives until the caller has sent or taken it over
    if (whole_.data() != copied.data() || whole_.empty()) copied.assign(whole_.begin(), whole_.end());
    copied.insert(copied.end(), piece.begin(), piece.end());
    whole_ = copied;
  }

  protocol::bytes_view whole_;
};

bool is_reset(command sent) {
  return sent == command::reset_connection || sent == command::change_user;
}

}  // namespace

/// Follows the responses in `input`. Gives what goes to the client, valid until the next call on this thread.
protocol::bytes_view relay::track(protocol::bytes_view input) {
  gathering for_client;
  const auto* const begin = input.data();
  const auto* const end = begin + input.size();
  while (!input.empty()) {
    const auto answered = tracker_.idle() ? command::sleep : tracker_.current();
    const auto step = tracker_.advance(input);
    input = input.subspan(step.consumed);
    response_size_ += step.consumed;
    if (own_statement_)
      keep_own_response(step.forward);
    else if (step.forward.data() >= begin && step.forward.data() < end)
      for_client.add(step.forward);
    else if (!step.forward.empty())
      for_client.add_copy(step.forward);
    if (step.what != response_tracker::event::none) on_event(step, answered);
  }
  return for_client.view();
}

void relay::keep_own_response(protocol::bytes_view piece) {
  const auto room = own_response_max_ - std::min(own_response_max_, own_response_.size());
  const auto kept = piece.first(std::min(room, piece.size()));
  own_response_.insert(own_response_.end(), kept.begin(), kept.end());
}

void relay::on_event(const response_tracker::step& step, command answered) {
  if (is_reset(answered) && step.what == response_tracker::event::response_complete) state_was_reset();
  if (!step.state_ok.empty() && !own_statement_) apply_session_state(step.state_ok, is_reset(answered));
  switch (step.what) {
    case response_tracker::event::response_complete:
      on_response_complete(answered);
      break;
    case response_tracker::event::file_requested:
      framer_.expect_file();
      break;
    case response_tracker::event::none:
    case response_tracker::event::result_complete:
    case response_tracker::event::auth_requested:
    case response_tracker::event::unsolicited:
      break;
  }
}

void relay::on_response_complete(command answered) {
  if (own_statement_)
    finish_own_statement();
  else
    follow_response(answered);
  const bool in_transaction = (tracker_.status() & protocol::status_in_transaction) != 0;
  if (connection_.publish_in_transaction(in_transaction)) connection_.bound()->count_transaction();
  if (tracker_.idle()) {
    connection_.bound()->end_request();
    connection_.publish_running(false);
    connection_.acting().become_idle(in_transaction, connection_.home().statements());
  }
  if (answered == command::init_db && tracker_.last_error() == 0) {
    connection_.publish_database(std::exchange(next_database_, {}));
  }
  if (answered == command::change_user) finish_change_user();
  framer_.end_raw();
}

void relay::finish_change_user() {
  if (tracker_.last_error() == 0 && next_identity_) {
    if (next_identity_->user != connection_.who()->user) connection_.hold_name_place(std::move(next_place_));
    connection_.publish_identity(std::move(*next_identity_));
    connection_.note_login(std::move(next_login_));
    connection_.publish_database(std::exchange(next_database_, {}));
  }
  next_identity_.reset();
  next_login_.reset();
  next_place_ = {};
}

/// What the client's socket did not take. Nothing more is read from the backend meanwhile.
task<> relay::send_rest(protocol::bytes_view rest) {
  const protocol::bytes kept(rest.begin(), rest.end());
  writing_to_client_ = true;
  connection_.acting().wait_for(session::wait_kind::client_write, kept.size());
  const auto ec = co_await connection_.client().send_all(kept);
  connection_.acting().wait_no_more();
  writing_to_client_ = false;
  if (ec) client_closed(ec);
}

void relay::responses_delivered() {
  if (quit_seen_) connection_.end({stop_reason::client_quit, {}});
  connection_.end_if_due();
}

/// The client just sees its connection end, as it would without a proxy: its library turns that into 2013 by itself,
/// and knows then not to use the connection again. A reset is passed on as one: MariaDB ends idle connections so, and
/// drivers tell 2006 from 2013 by it.
void relay::backend_closed(const error_code& ec) {
  if (quit_seen_) {
    connection_.end({stop_reason::client_quit, {}});
    return;
  }
  if (ec == protocol::errc::malformed_compression) {
    if (may_tell_client()) send_last_error(connection_.client(), uncompress_failed());
    connection_.end({stop_reason::protocol_error, "from the backend: " + ec.message()});
    return;
  }
  const auto how = ec ? ec.message() : "the backend closed the connection";
  const bool goes_on = replacing_ && connection_.shared().settings.recovery == recovery_mode::all;
  if (goes_on && owes_nothing() && !exchange_) return outlive_server_session(how);
  if (goes_on && may_tell_client()) return end_lost_in_statement(how);
  if (ec == boost::system::errc::connection_reset) connection_.client().reset();
  connection_.end({stop_reason::backend_gone, how});
}

/// The server session was killed. An idle client session stays until its next statement; one that waits for a response
/// cannot get it any more.
void relay::server_session_lost() {
  connection_.publish_running(false);
  connection_.publish_in_transaction(false);
  connection_.acting().become_idle(false, connection_.home().statements());
  if (owes_nothing()) return;
  connection_.tell_and_end({er::query_interrupted, "70100", "Query execution was interrupted"},
                           {stop_reason::server_session_killed, "a statement was running"});
}

}  // namespace sessiongate::proxy
