// parse_handshake_response() takes any bytes, and what it made of them survives write_handshake_response().
#include "protocol/handshake_response.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

bool same(const handshake_response& a, const handshake_response& b) {
  return a.flags == b.flags && a.packet_size_max == b.packet_size_max && a.collation == b.collation &&
         a.user == b.user && a.auth_response == b.auth_response && a.database == b.database &&
         a.auth_plugin == b.auth_plugin && a.attributes == b.attributes && a.zstd_level == b.zstd_level;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view payload(data, size);
  const auto flags = parse_client_flags(payload);
  const auto first = parse_handshake_response(payload);
  if (is_ssl_request(payload)) require(!first, "a request for TLS is no login");
  if (!first) return 0;
  require(flags.has_value() && *flags == first->flags, "both parsers see the same capabilities");
  bytes out;
  write_handshake_response(out, *first);
  const auto second = parse_handshake_response(out);
  require(second.has_value(), "a written response can be parsed");
  require(same(*first, *second), "a written response is parsed to the same");
  return 0;
}
