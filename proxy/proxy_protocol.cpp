#include "proxy/proxy_protocol.hpp"

#include "protocol/proxy_header.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace sessiongate::proxy {

namespace {

namespace ip = boost::asio::ip;
using kind = protocol::proxy_header_scan::kind;

session::endpoint to_endpoint(const protocol::ip_endpoint& from) {
  if (from.v6) {
    const ip::address_v6 address(from.address);
    if (address.is_v4_mapped()) return {ip::make_address_v4(ip::v4_mapped, address).to_string(), from.port};
    return {address.to_string(), from.port};
  }
  ip::address_v4::bytes_type bytes{};
  std::copy_n(from.address.begin(), bytes.size(), bytes.begin());
  return {ip::address_v4(bytes).to_string(), from.port};
}

/// Both ends of a header have to be of one family.
protocol::ip_endpoint to_ip_endpoint(const session::endpoint& from, bool v6) {
  protocol::ip_endpoint value{.v6 = v6, .address = {}, .port = from.port};
  auto address = ip::make_address(from.address);
  if (v6 && address.is_v4()) address = ip::make_address_v6(ip::v4_mapped, address.to_v4());
  if (v6) {
    value.address = address.to_v6().to_bytes();
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::ranges::copy(bytes, value.address.begin());
  }
  return value;
}

bool is_v6(const session::endpoint& of) {
  return of.address.find(':') != std::string::npos;
}

}  // namespace

awaitable<client_address> read_proxy_header(packet_channel& channel, const session::endpoint& from,
                                            const config& settings) {
  const bool trusted = settings.proxy_protocol_from.contains(from.address);
  for (;;) {
    const auto found = protocol::scan_proxy_header(channel.unread());
    switch (found.what) {
      case kind::absent:
        if (!trusted || !settings.proxy_protocol_required) co_return client_address{};
        co_return client_address{{}, "no PROXY header, and proxy-protocol-required is on", {}};
      case kind::malformed:
        co_return client_address{{}, "a malformed PROXY header", {}};
      case kind::complete:
        if (!trusted) co_return client_address{{}, "a PROXY header from outside of proxy-protocol-from", {}};
        channel.drop(found.size);
        if (!found.header.has_addresses) co_return client_address{};
        co_return client_address{{}, {}, to_endpoint(found.header.source)};
      case kind::need_more:
        if (const auto ec = co_await channel.receive()) co_return client_address{ec, {}, {}};
    }
  }
}

protocol::bytes backend_preamble(backend_proxy_protocol form, const session::endpoint* client,
                                 const session::endpoint* accepted_at) {
  protocol::bytes out;
  if (form == backend_proxy_protocol::off) return out;
  protocol::proxy_header header;
  if (client != nullptr && accepted_at != nullptr && !client->is_local() && !accepted_at->is_local()) {
    const bool v6 = is_v6(*client) || is_v6(*accepted_at);
    header = {true, to_ip_endpoint(*client, v6), to_ip_endpoint(*accepted_at, v6)};
  }
  const auto written =
      form == backend_proxy_protocol::v1 ? protocol::proxy_header_form::v1 : protocol::proxy_header_form::v2;
  protocol::write_proxy_header(out, written, header);
  return out;
}

}  // namespace sessiongate::proxy
