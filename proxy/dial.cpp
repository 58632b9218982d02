#include "proxy/dial.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace sessiongate::proxy {

namespace asio = boost::asio;

bool says_full(std::uint16_t code) {
  constexpr std::uint16_t user_limit_reached = 1226;
  return code == protocol::er::con_count_error || code == protocol::er::too_many_user_connections ||
         code == user_limit_reached;
}

protocol::server_error unreachable(const backend& target, std::string_view why) {
  return {protocol::er::cannot_connect, "HY000",
          fmt::format("Can't connect to MySQL server on '{}' ({})", target.name()->text(), why)};
}

namespace {

backend::addresses addresses_of(const backend& target, const std::optional<session::endpoint>& only) {
  if (only) return {admin::to_socket_address(*only)};
  return *target.resolved();
}

/// Where it got to is noted in `peer`.
awaitable<error_code> connect_any(stream& connection, const backend& target, const backend::addresses& addresses,
                                  session::endpoint& peer) {
  error_code ec = asio::error::host_not_found;
  for (const auto& each : addresses) {
    ec = co_await connection.connect(each);
    if (!ec) peer = target.name()->is_unix() ? *target.name() : admin::to_endpoint(each);
    if (!ec || ec == asio::error::operation_aborted) break;
  }
  co_return ec;
}

/// At the proxy's start clients may be quicker than the resolver.
awaitable<void> wait_for_lookup(const backend& target) {
  constexpr std::chrono::milliseconds look{10};
  constexpr std::chrono::seconds longest{5};
  const auto until = std::chrono::steady_clock::now() + longest;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!target.looked_up() && std::chrono::steady_clock::now() < until) {
    timer.expires_after(look);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

std::string explain(const error_code& ec) {
  return ec == asio::error::operation_aborted ? "timed out"
         : ec == asio::error::eof             ? "closed before its greeting"
                                              : ec.message();
}

}  // namespace

awaitable<dial_result> dial(stream& connection, packet_channel& channel, const backend& target,
                            protocol::bytes preamble, std::optional<session::endpoint> only) {
  const auto failed = [](protocol::server_error why) {
    dial_result result;
    result.error = std::move(why);
    return result;
  };
  session::connection_origin origin;
  if (!only && !target.looked_up()) co_await wait_for_lookup(target);
  origin.dialled = std::chrono::steady_clock::now();
  const auto addresses = addresses_of(target, only);
  if (const auto ec = co_await connect_any(connection, target, addresses, origin.peer))
    co_return failed(unreachable(target, explain(ec)));
  if (const auto ec = co_await connection.write_all(preamble)) co_return failed(unreachable(target, explain(ec)));
  const auto packet = co_await channel.read();
  if (packet.ec) co_return failed(unreachable(target, explain(packet.ec)));
  if (protocol::is_err_packet(packet.payload)) {
    auto refusal = protocol::parse_err_packet(packet.payload);
    co_return failed(refusal ? *refusal : unreachable(target, "it sent a malformed error"));
  }
  auto hello = protocol::parse_greeting(packet.payload);
  if (!hello || !packet.in_order) co_return failed(unreachable(target, "it does not speak the MySQL protocol"));
  origin.greeted = std::chrono::steady_clock::now();
  origin.connection_id = hello->thread_id;
  origin.port_seen = admin::port_of(connection.local_address());
  dial_result result;
  result.hello = std::move(*hello);
  result.origin = std::move(origin);
  co_return result;
}

}  // namespace sessiongate::proxy
