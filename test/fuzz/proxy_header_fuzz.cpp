// scan_proxy_header() takes any bytes, decides the same however they are cut, and what it understood survives writing.
#include "protocol/proxy_header.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;
using kind = proxy_header_scan::kind;

namespace {

bool same(const proxy_header& a, const proxy_header& b) {
  return a.has_addresses == b.has_addresses && a.source == b.source && a.destination == b.destination;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input(data, size);
  const auto whole = scan_proxy_header(input);
  for (std::size_t cut = 0; cut < size && cut < 300; ++cut) {
    const auto part = scan_proxy_header(input.first(cut));
    if (part.what == kind::need_more) continue;
    require(part.what == whole.what, "more bytes do not change what was decided");
    require(part.size == whole.size, "nor where the header ends");
  }
  if (whole.what != kind::complete) return 0;
  require(whole.size > 0 && whole.size <= size, "a header lies in its input");
  for (const auto form : {proxy_header_form::v1, proxy_header_form::v2}) {
    bytes out;
    write_proxy_header(out, form, whole.header);
    const auto again = scan_proxy_header(out);
    require(again.what == kind::complete && again.size == out.size(), "a written header can be read");
    require(same(again.header, whole.header), "and is the same");
  }
  return 0;
}
