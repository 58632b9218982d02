#include "proxy/login_channel.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;
namespace er = protocol::er;
using session::stop_reason;

login_channel::login_channel(client_connection& connection)
    : packet_channel(connection.client(), connection.home().buffer(), connection.shared().settings.login_packet_max),
      connection_(connection) {
  charge_to(connection.shared().entrance.login_memory);
}

awaitable<session::stop_request> login_channel::refuse(protocol::server_error error, stop_reason reason) {
  connection_.note_error();
  protocol::bytes payload;
  protocol::write_err_packet(payload, error);
  co_await write(payload);
  co_return session::stop_request{reason, fmt::format("{}: {}", error.code, error.message)};
}

session::stop_request login_channel::lost(const error_code& ec) const {
  if (connection_.ended()) return {};  // a kill or the deadline was first, with its own reason
  if (ec == asio::error::message_size) return {stop_reason::protocol_error, "a packet above login-packet-max"};
  return {stop_reason::client_gone, ec == asio::error::eof ? "during login" : "during login: " + ec.message()};
}

awaitable<session::stop_request> login_channel::unread(error_code ec) {
  if (ec == asio::error::message_size) {
    co_return co_await refuse({er::handshake_error, "08S01", "Bad handshake"}, stop_reason::protocol_error);
  }
  if (ec == asio::error::no_buffer_space) {
    co_return co_await refuse(
        {er::out_of_resources, "HY000", "Out of memory: too many large logins (login-memory-max)"},
        stop_reason::too_many_logins);
  }
  co_return lost(ec);
}

}  // namespace sessiongate::proxy
