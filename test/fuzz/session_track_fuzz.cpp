// parse_session_changes() takes any bytes and never gives more text than there was, and what is left of a report for a
// client is a report.
#include "protocol/session_track.hpp"

#include "test/fuzz/round_trip.hpp"

using namespace sessiongate::protocol;
using sessiongate::fuzz::require;

namespace {

/// What is left for a client is a report, too, of nothing but what servers report by default.
void check_default_changes(std::string_view state_info) {
  const auto kept = default_session_changes(state_info);
  if (!kept) return;
  require(kept->size() <= state_info.size(), "nothing is added");
  const auto changes = parse_session_changes(*kept);
  require(changes || !parse_session_changes(state_info), "what was well formed stays so");
  if (!changes) return;
  for (const auto& change : *changes) {
    require(change.kind != session_change_kind::system_variable || is_reported_by_default(change.name),
            "only defaults");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_default_changes(as_text({data, size}));
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
