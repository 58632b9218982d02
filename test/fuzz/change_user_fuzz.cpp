// parse_change_user() takes any bytes under any capabilities, and what it made of them survives write_change_user().
#include "protocol/change_user.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

bool same(const change_user& a, const change_user& b) {
  return a.user == b.user && a.auth_response == b.auth_response && a.database == b.database &&
         a.collation == b.collation && a.auth_plugin == b.auth_plugin && a.attributes == b.attributes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [negotiated, payload] = sessiongate::fuzz::split_input(data, size);
  const auto first = parse_change_user(payload, negotiated);
  if (!first) return 0;
  bytes out;
  write_change_user(out, *first, negotiated);
  const auto second = parse_change_user(out, negotiated);
  require(second.has_value(), "a written command can be parsed");
  require(same(*first, *second), "a written command is parsed to the same");
  return 0;
}
