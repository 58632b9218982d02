// parse_greeting() takes any bytes, and what it made of them survives write_greeting().
#include "protocol/greeting.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

bool same(const greeting& a, const greeting& b) {
  return a.server_version == b.server_version && a.thread_id == b.thread_id && a.nonce == b.nonce &&
         a.flags == b.flags && a.collation == b.collation && a.status == b.status && a.auth_plugin == b.auth_plugin;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = parse_greeting({data, size});
  if (!first) return 0;
  require(first->nonce.size() >= 8, "a nonce has 8 bytes at least");
  bytes out;
  write_greeting(out, *first);
  const auto second = parse_greeting(out);
  require(second.has_value(), "a written greeting can be parsed");
  require(same(*first, *second), "a written greeting is parsed to the same");
  return 0;
}
