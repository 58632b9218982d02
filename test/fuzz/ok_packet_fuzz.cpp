// The parsers of OK and EOF packets take any bytes under any capabilities; what they made of them survives the writers.
#include "protocol/ok_packet.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

bool same(const ok_packet& a, const ok_packet& b) {
  return a.affected_rows == b.affected_rows && a.last_insert_id == b.last_insert_id && a.status == b.status &&
         a.warnings == b.warnings && a.info == b.info && a.state_info == b.state_info;
}

void check_ok(bytes_view payload, capabilities negotiated) {
  const auto first = parse_ok_packet(payload, negotiated);
  if (!first) return;
  bytes out;
  write_ok_packet(out, *first, negotiated, payload.front());
  const auto second = parse_ok_packet(out, negotiated);
  require(second.has_value(), "a written OK can be parsed");
  require(same(*first, *second), "a written OK is parsed to the same");
}

void check_eof(bytes_view payload) {
  const auto parsed = parse_eof_packet(payload);
  if (!parsed) return;
  bytes out;
  write_eof_packet(out, *parsed);
  require(as_text(out) == as_text(payload), "an EOF is written as it came");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [negotiated, payload] = sessiongate::fuzz::split_input(data, size);
  check_ok(payload, negotiated);
  check_eof(payload);
  return 0;
}
