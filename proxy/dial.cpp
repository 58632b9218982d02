#include "proxy/dial.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace asio = boost::asio;

protocol::server_error unreachable(const backend& target, std::string_view why) {
  return {protocol::er::cannot_connect, "HY000",
          fmt::format("Can't connect to MySQL server on '{}' ({})", target.name()->text(), why)};
}

namespace {

awaitable<error_code> connect_any(stream& connection, const backend& target) {
  const auto addresses = target.resolved();
  error_code ec = asio::error::host_not_found;
  for (const auto& each : *addresses) {
    ec = co_await connection.connect(each);
    if (!ec || ec == asio::error::operation_aborted) break;
  }
  co_return ec;
}

std::string explain(const error_code& ec) {
  return ec == asio::error::operation_aborted ? "timed out"
         : ec == asio::error::eof             ? "closed before its greeting"
                                              : ec.message();
}

}  // namespace

awaitable<dial_result> dial(stream& connection, packet_channel& channel, const backend& target,
                            protocol::bytes preamble) {
  if (const auto ec = co_await connect_any(connection, target))
    co_return dial_result{{}, unreachable(target, explain(ec))};
  if (const auto ec = co_await connection.write_all(preamble))
    co_return dial_result{{}, unreachable(target, explain(ec))};
  const auto packet = co_await channel.read();
  if (packet.ec) co_return dial_result{{}, unreachable(target, explain(packet.ec))};
  if (protocol::is_err_packet(packet.payload)) {
    auto refusal = protocol::parse_err_packet(packet.payload);
    co_return dial_result{{}, refusal ? *refusal : unreachable(target, "it sent a malformed error")};
  }
  auto hello = protocol::parse_greeting(packet.payload);
  if (!hello || !packet.in_order)
    co_return dial_result{{}, unreachable(target, "it does not speak the MySQL protocol")};
  co_return dial_result{std::move(*hello), {}};
}

}  // namespace sessiongate::proxy
