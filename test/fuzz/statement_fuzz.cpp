// The readers of statements take any bytes under any capabilities. The place of a statement's text is the same however
// the payload arrives, and a refused execution leaves the remembered types alone.
#include "protocol/statement.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

void check_text_offset(bytes_view payload, capabilities negotiated) {
  const auto whole = query_text_offset(payload, negotiated);
  if (!has(negotiated, client_query_attributes)) return require(whole && *whole && **whole == 1, "no attributes");
  const auto half = query_text_offset(payload.first(payload.size() / 2), negotiated);
  if (!half) require(!whole, "what is impossible stays impossible");
  if (half && *half) require(whole && *whole == *half, "more bytes do not move the text");
  if (!whole || !*whole) return;
  require(**whole <= payload.size(), "the text starts inside the payload");
  const auto exact = query_text_offset(payload.first(**whole), negotiated);
  require(exact && *exact == *whole, "the attributes alone are enough");
  const auto short_of_one = query_text_offset(payload.first(**whole - 1), negotiated);
  require(short_of_one && !*short_of_one, "all of the attributes are needed");
}

void check_execute(bytes_view payload, capabilities negotiated) {
  const std::vector<std::uint16_t> before = {0x00FD, 0x8008};
  auto types = before;
  const auto parameter_count = static_cast<std::uint16_t>(payload.empty() ? 0 : payload.back() % 20);
  const auto parsed = parse_execute(payload, parameter_count, negotiated, types);
  if (!parsed) return require(types == before, "a refused execution leaves the types alone");
  require(parsed->parameters.size() == parameter_count, "a value for every parameter");
  const auto id = parse_statement_id(payload);
  require(id && *id == parsed->statement_id, "both parsers see the same statement");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [negotiated, payload] = sessiongate::fuzz::split_input(data, size);
  check_text_offset(payload, negotiated);
  check_execute(payload, negotiated);
  return 0;
}
