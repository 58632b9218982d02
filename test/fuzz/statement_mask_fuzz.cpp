// mask_literals() takes any bytes, never gives a string literal, and has nothing to do the second time.
#include "admin/statement_mask.hpp"

#include "test/fuzz/round_trip.hpp"

#include <algorithm>

using sessiongate::admin::mask_literals;
using sessiongate::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto masked = mask_literals(text);
  require(masked.size() <= 2 * size + 1, "nothing is added but blanks");
  const bool names = masked.find('`') != std::string::npos;  // a quoted name may hold anything
  if (names) return 0;
  require(masked.find_first_of("'\"") == std::string::npos, "no quotes are left");
  require(mask_literals(masked) == masked, "masked once is masked");
  return 0;
}
