#include "proxy/proxysys.hpp"

#include "proxy/admin_conversation.hpp"
#include "proxy/error_reply.hpp"
#include "proxy/packet_channel.hpp"
#include "proxy/proxysys_statements.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/statement.hpp"

#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace {

using protocol::command;
using session::stop_reason;

constexpr protocol::status_flags status = protocol::status_autocommit;

class proxysys_session {
 public:
  proxysys_session(client_connection& connection, logged_in_proxysys account)
      : connection_(connection),
        admin_(connection, account.client, nullptr),
        negotiated_(account.client),
        channel_(connection.client(), connection.home().buffer(), connection.shared().settings.admin_statement_max) {
    channel_.put_rest(account.client_rest);
    connection_.may_be_told_when([this] { return !writing_; });
  }
  ~proxysys_session() { connection_.may_be_told_when({}); }
  proxysys_session(const proxysys_session&) = delete;
  proxysys_session& operator=(const proxysys_session&) = delete;

  awaitable<void> run();

 private:
  awaitable<admin_conversation::reply> answer(protocol::bytes_view payload, std::uint8_t sequence_id);
  protocol::bytes answer_itself(protocol::bytes_view payload, std::uint8_t sequence_id);
  protocol::bytes ok_packet(std::uint8_t sequence_id) const;
  void lost(const error_code& ec);

  client_connection& connection_;
  admin_conversation admin_;
  protocol::capabilities negotiated_;
  packet_channel channel_;
  bool writing_ = false;  // a response is on its way to the client
};

awaitable<void> proxysys_session::run() {
  while (!connection_.ended()) {
    connection_.end_if_due();
    const auto packet = co_await channel_.read();
    if (packet.ec || packet.payload.empty()) co_return lost(packet.ec);
    if (packet.payload.front() == static_cast<std::uint8_t>(command::quit)) {
      co_return connection_.end({stop_reason::client_quit, {}});
    }
    const auto sequence_id = static_cast<std::uint8_t>(channel_.next_sequence_id() - 1);
    connection_.note_command();
    connection_.publish_running(true);
    const auto reply = co_await answer(packet.payload, sequence_id);
    connection_.publish_running(false);
    if (connection_.ended()) co_return;
    writing_ = true;
    const auto ec = co_await connection_.client().write_all(reply.packets);
    writing_ = false;
    if (ec) co_return lost(ec);
    if (reply.close) connection_.end({stop_reason::killed, "by itself"});
  }
}

void proxysys_session::lost(const error_code& ec) {
  if (ec == boost::asio::error::message_size) {
    send_last_error(connection_.client(),
                    {protocol::er::packet_too_large, "08S01", "Got a packet bigger than admin-statement-max"});
    connection_.end({stop_reason::protocol_error, "a packet above admin-statement-max"});
  } else if (ec == protocol::errc::malformed_compression) {
    send_last_error(connection_.client(), uncompress_failed());
    connection_.end({stop_reason::protocol_error, "from the client: " + ec.message()});
  } else {
    connection_.end(
        {stop_reason::client_gone, ec == boost::asio::error::eof ? "closed without COM_QUIT" : ec.message()});
  }
}

awaitable<admin_conversation::reply> proxysys_session::answer(protocol::bytes_view payload, std::uint8_t sequence_id) {
  const protocol::command_framer::step whole{protocol::command_framer::kind::command,
                                             payload.size() + protocol::packet_header_size,
                                             static_cast<command>(payload.front()), sequence_id, payload};
  if (admin_.look(whole) == command_fate::answer) {
    auto reply = co_await admin_.answer(payload, sequence_id, status);
    if (reply.failed) connection_.note_error();
    if (!reply.forward) co_return reply;
  }
  admin_.answered_elsewhere();
  co_return admin_conversation::reply{false, false, answer_itself(payload, static_cast<std::uint8_t>(sequence_id + 1))};
}

protocol::bytes proxysys_session::ok_packet(std::uint8_t sequence_id) const {
  protocol::bytes payload;
  protocol::write_ok_packet(payload, {.status = status, .info = {}, .state_info = {}}, negotiated_);
  protocol::bytes packet;
  protocol::append_packet(packet, sequence_id, payload);
  return packet;
}

protocol::bytes proxysys_session::answer_itself(protocol::bytes_view payload, std::uint8_t sequence_id) {
  const auto type = static_cast<command>(payload.front());
  if (has_no_response(type)) return {};
  if (type == command::ping || type == command::init_db || type == command::reset_connection)
    return ok_packet(sequence_id);
  if (type == command::query) {
    const auto greeting = connection_.shared().clusters.offer();
    const builtin_context context{greeting->server_version, connection_.cs_id()};
    const auto offset = protocol::query_text_offset(payload, negotiated_);
    const auto text = offset && *offset ? protocol::as_text(payload).substr(**offset) : std::string_view();
    const auto answer = answer_builtin(text, context);
    if (std::holds_alternative<builtin_ok>(answer)) return ok_packet(sequence_id);
    if (const auto* rows = std::get_if<builtin_rows>(&answer)) {
      protocol::bytes out;
      protocol::write_result_set(out, sequence_id, rows->columns, rows->rows, protocol::row_format::text, negotiated_,
                                 status);
      return out;
    }
  }
  connection_.note_error();
  return error_packet({protocol::er::unknown_operator, "21000",
                       "Unknown operator: root@proxysys has no backend; only commands for the proxy are answered"},
                      sequence_id);
}

}  // namespace

awaitable<void> serve_proxysys(client_connection& connection, logged_in_proxysys account) {
  proxysys_session session(connection, std::move(account));
  co_await session.run();
}

}  // namespace sessiongate::proxy
