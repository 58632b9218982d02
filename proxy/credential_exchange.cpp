#include "proxy/credential_exchange.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>

namespace sessiongate::proxy {

namespace {

using end = exchange_outcome::end;
using action = auth_exchange::step::action;
namespace er = protocol::er;

exchange_outcome lost(const error_code& ec) {
  const auto why = ec == boost::asio::error::eof ? std::string("closed") : ec.message();
  return {end::lost,
          {er::lost_connection, "HY000", fmt::format("Lost connection to MySQL server in a login: {}", why)},
          {}};
}

exchange_outcome verdict(secret_bytes payload) {
  if (!protocol::is_err_packet(payload)) return {end::accepted, {}, std::move(payload)};
  auto refusal = protocol::parse_err_packet(payload);
  if (!refusal) return {end::lost, {er::malformed_packet, "HY000", "the server sent a malformed error"}, {}};
  return {end::refused, std::move(*refusal), {}};
}

/// The backend waits for a packet that will not come. An empty one makes it refuse the login in the ordinary way; just
/// closing would count against the proxy's host there (max_connect_errors).
awaitable<void> leave(packet_channel& channel) {
  if (!co_await channel.write({})) co_await channel.read();
}

}  // namespace

/// The exchange takes the credential for a client on a protected connection: it turns a password that is sent as it is
/// into what the backend's connection takes.
awaitable<exchange_outcome> authenticate_with(packet_channel& channel, const credential& known,
                                              auth_circumstances given) {
  given.client = link_kind::encrypted;
  given.evidence = evidence_wanted::none;
  auth_exchange exchange(given);
  for (;;) {
    auto packet = co_await channel.read();
    if (packet.ec) co_return lost(packet.ec);
    auto next = packet.in_order ? exchange.on_backend(packet.payload) : exchange.out_of_order();
    if (next.what == action::finished) co_return verdict(std::move(packet.payload));
    if (next.what == action::to_client) {
      if (exchange.next() == auth_exchange::turn::backend) continue;  // the fast path has succeeded
      const auto answer = known.answer(exchange.plugin(), next.packet, given.backend);
      if (!answer) {
        auto why = known.why_not(exchange.plugin(), given.backend);
        if (why.empty()) why = fmt::format("the server asked the plugin {} what it does not ask", exchange.plugin());
        co_await leave(channel);
        co_return exchange_outcome{end::cannot_answer, {er::unsupported_auth_mode, "08004", std::move(why)}, {}};
      }
      next = exchange.on_client(*answer);
    }
    if (next.what == action::refused) {
      const bool is_broken = next.reason == session::stop_reason::protocol_error;
      if (!is_broken) co_await leave(channel);
      co_return exchange_outcome{is_broken ? end::lost : end::cannot_answer, std::move(next.error), {}};
    }
    if (const auto ec = co_await channel.write(next.packet)) co_return lost(ec);
  }
}

bool tells_wrong_password(const protocol::server_error& refusal) {
  return refusal.code == er::access_denied || refusal.code == er::access_denied_no_password;
}

}  // namespace sessiongate::proxy
