// parse_session_changes() takes any bytes and never gives more text than there was.
#include "protocol/session_track.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto changes = parse_session_changes(as_text({data, size}));
  if (!changes) return 0;
  std::size_t total = 0;
  for (const auto& change : *changes) {
    total += change.name.size() + change.value.size();
    require(change.name.empty() || change.kind == session_change_kind::system_variable, "only variables have a name");
  }
  require(total <= size, "no more text than there was");
  require(changes->empty() == (size == 0), "every entry is a change");
  return 0;
}
