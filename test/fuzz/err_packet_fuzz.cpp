// parse_err_packet() takes any bytes, and a packet that it took is written as it came.
#include "protocol/err_packet.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view payload(data, size);
  const auto parsed = parse_err_packet(payload);
  if (!parsed) return 0;
  require(is_err_packet(payload), "what was parsed is an ERR packet");
  bytes out;
  write_err_packet(out, *parsed);
  require(as_text(out) == as_text(payload), "an ERR packet is written as it came");
  return 0;
}
