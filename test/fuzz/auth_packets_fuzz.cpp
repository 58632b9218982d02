// The parsers of what a server sends during a login take any bytes; what they made of them survives the writers.
#include "protocol/auth_packets.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

void check_switch(bytes_view payload) {
  const auto first = parse_auth_switch_request(payload);
  if (!first) return;
  bytes out;
  write_auth_switch_request(out, *first);
  const auto second = parse_auth_switch_request(out);
  require(second.has_value(), "a written switch can be parsed");
  require(first->plugin == second->plugin && first->data == second->data, "a written switch is parsed to the same");
}

void check_more_data(bytes_view payload) {
  const auto first = parse_auth_more_data(payload);
  if (!first) return;
  bytes out;
  write_auth_more_data(out, *first);
  require(as_text(out) == as_text(payload), "more data is written as it came");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_switch({data, size});
  check_more_data({data, size});
  return 0;
}
