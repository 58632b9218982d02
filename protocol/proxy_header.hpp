// PROXY protocol headers, versions 1 (text) and 2 (binary): what a load balancer puts in front of a connection to tell
// whose it is ("The PROXY protocol", HAProxy's proxy-protocol.txt). Read strictly: a header that is wrong anywhere is
// malformed, and what is neither of the two from its first bytes on is no header.
#pragma once

#include "protocol/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sessiongate::protocol {

struct ip_endpoint {
  bool v6 = false;
  std::array<std::uint8_t, 16> address{};  // network order; IPv4: the first 4
  std::uint16_t port = 0;

  friend bool operator==(const ip_endpoint&, const ip_endpoint&) = default;
};

struct proxy_header {
  /// False: LOCAL, UNKNOWN, or a Unix socket. The connection's own addresses hold.
  bool has_addresses = false;
  ip_endpoint source;
  ip_endpoint destination;  // of the same family as the source
};

enum class proxy_header_form : std::uint8_t { v1, v2 };

struct proxy_header_scan {
  enum class kind : std::uint8_t { absent, need_more, complete, malformed };
  kind what = kind::absent;
  std::size_t size = 0;  // bytes of the input that are the header; complete only
  proxy_header header;
};

/// Looks at the beginning of a connection's bytes. A header of version 2 has 65551 bytes at most.
proxy_header_scan scan_proxy_header(bytes_view input);

void write_proxy_header(bytes& out, proxy_header_form form, const proxy_header& value);

}  // namespace sessiongate::protocol
