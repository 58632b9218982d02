#include "proxy/backend_tls.hpp"

#include "proxy/tls_transport.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace {

protocol::server_error failed(std::string_view why) {
  return {protocol::er::tls_error, "HY000", fmt::format("TLS/SSL error: {} (between the proxy and the server)", why)};
}

}  // namespace

awaitable<std::optional<protocol::server_error>> secure_backend(stream& connection, packet_channel& channel,
                                                                const session::endpoint& peer,
                                                                const protocol::greeting& hello,
                                                                protocol::handshake_response& login,
                                                                const config& settings, const tls_context& tls) {
  if (settings.backend_tls == tls_mode::disabled) co_return std::nullopt;
  if (!protocol::has(hello.flags, protocol::client_ssl)) {
    if (settings.backend_tls == tls_mode::preferred) co_return std::nullopt;
    co_return failed("SSL is required, but the server does not support it");
  }
  login.flags |= protocol::client_ssl;
  protocol::bytes payload;
  protocol::write_ssl_request(payload, login);
  if (const auto ec = co_await channel.write(payload)) co_return failed(ec.message());
  const auto outcome = co_await start_tls(connection, tls.connect(peer), {});
  if (!outcome.ec) co_return std::nullopt;
  co_return failed(outcome.ec == boost::asio::error::operation_aborted ? "timed out" : outcome.why);
}

}  // namespace sessiongate::proxy
