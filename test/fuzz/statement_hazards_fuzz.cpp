// Hazards are found in any bytes; upper and lower case are alike, nothing hides what stands behind it, and a text that
// is not whole is never harmless.
#include "proxy/statement_hazards.hpp"

#include "test/fuzz/round_trip.hpp"

#include <string>

using namespace sessiongate::proxy;
using sessiongate::fuzz::require;

namespace {

std::string change_case(std::string text) {
  for (char& c : text) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

void check(const std::string& text, bool escapes) {
  const auto found = find_hazards(text, true, escapes);
  // MariaDB's /*M! is read on as a comment when it is /*m!, which is hidden all the same.
  const auto changed = find_hazards(change_case(text), true, escapes);
  require((changed & hazard::hidden) == (found & hazard::hidden), "case hides nothing");
  require((found & hazard::hidden) != 0 || changed == found, "case makes no difference");
  const auto cut_off = find_hazards(text, false, escapes);
  require((cut_off & hazard::hidden) != 0, "what is cut off is hidden");
  require((cut_off & found) == found, "and has all that the whole has");
  const auto behind = find_hazards(text + "\n; CALL p()", true, escapes);
  require((behind & hazard::hidden) != 0, "a statement behind it is seen, or is not one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text, true);
  check(text, false);
  return 0;
}
