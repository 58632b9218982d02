// Random bytes as the responses to random commands: however they are cut, the same bytes go to the client and the same
// events are seen; every call makes progress; nothing is added.
#include "protocol/response_tracker.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <vector>

namespace {

using namespace sessiongate::protocol;

struct outcome {
  bytes forwarded;
  std::vector<std::tuple<response_tracker::event, std::size_t, status_flags, std::uint16_t, bytes>> events;
  bool operator==(const outcome&) const = default;
};

struct setting {
  capabilities backend = 0;
  capabilities client = 0;
  bytes_view commands;
};

void require(bool condition) {
  if (!condition) std::abort();
}

class run {
 public:
  explicit run(const setting& how) : commands_(how.commands) {
    tracker_.negotiated(how.backend, how.client);
    expect_more();
  }

  void feed(bytes_view input) {
    const bytes chunk(input.begin(), input.end());  // its own memory: a look past the end is seen
    for (bytes_view rest = chunk; !rest.empty();) {
      const auto step = tracker_.advance(rest);
      require(step.consumed <= rest.size());
      require(step.consumed != 0 || !step.forward.empty());
      seen.forwarded.insert(seen.forwarded.end(), step.forward.begin(), step.forward.end());
      rest = rest.subspan(step.consumed);
      if (step.what == response_tracker::event::none) continue;
      seen.events.emplace_back(step.what, seen.forwarded.size(), tracker_.status(), tracker_.last_error(),
                               bytes(step.state_ok.begin(), step.state_ok.end()));
      expect_more();
    }
  }

  outcome seen;

 private:
  /// Keeps a few commands outstanding, as a client does that pipelines.
  void expect_more() {
    while (!commands_.empty() && (tracker_.idle() || commands_.front() % 3 == 0) && tracker_.can_expect()) {
      tracker_.expect(static_cast<command>(commands_.front() % 0x22));
      commands_ = commands_.subspan(1);
    }
  }

  response_tracker tracker_;
  bytes_view commands_;
};

capabilities pick(std::uint8_t bits) {
  static constexpr capabilities flags[] = {client_deprecate_eof, client_session_track,
                                           client_optional_resultset_metadata, mariadb_cache_metadata,
                                           mariadb_progress};
  capabilities set = 0;
  for (const auto flag : flags) {
    if ((bits & 1U) != 0) set |= flag;
    bits >>= 1U;
  }
  return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  const bytes_view all(data, size);
  const auto backend = pick(data[0]);
  const auto client = (data[0] & 0x80U) != 0 ? backend : backend & ~client_session_track;
  const setting how{backend, client, all.subspan(3, 5)};
  const auto input = all.subspan(8);

  run whole(how);
  whole.feed(input);
  require(whole.seen.forwarded.size() <= input.size());

  run by_byte(how);
  for (std::size_t at = 0; at < input.size(); ++at) by_byte.feed(input.subspan(at, 1));
  require(by_byte.seen == whole.seen);

  run in_chunks(how);
  std::size_t chunk = data[1];
  for (auto rest = input; !rest.empty();) {
    chunk = (chunk * 7 + data[2]) % 61U + 1U;
    const auto piece = rest.first(std::min(chunk, rest.size()));
    in_chunks.feed(piece);
    rest = rest.subspan(piece.size());
  }
  require(in_chunks.seen == whole.seen);
  return 0;
}
