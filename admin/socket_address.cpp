#include "admin/socket_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <algorithm>
#include <cstring>

namespace sessiongate::admin {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

tcp::endpoint to_tcp(const socket_address& from) {
  tcp::endpoint at;
  std::memcpy(at.data(), from.data(), std::min(from.size(), at.capacity()));
  at.resize(std::min(from.size(), at.capacity()));
  return at;
}

bool is_unix(const socket_address& of) {
  return of.protocol().family() == AF_UNIX;
}

}  // namespace

session::endpoint to_endpoint(const socket_address& from) {
  if (is_unix(from)) return session::endpoint::local();
  const auto at = to_tcp(from);
  const auto address = at.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(), at.port()};
  }
  return {address.to_string(), at.port()};
}

socket_address to_socket_address(const session::endpoint& from) {
  if (from.is_unix()) return asio::local::stream_protocol::endpoint(from.address);
  return tcp::endpoint(asio::ip::make_address(from.address), from.port);
}

std::uint16_t port_of(const socket_address& of) {
  return is_unix(of) ? std::uint16_t{0} : to_tcp(of).port();
}

}  // namespace sessiongate::admin
