// Random bytes as what a client sends: however they are cut, the same commands are seen at the same places and every
// byte passes in order.
#include "protocol/command_framer.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <vector>

namespace {

using namespace sessiongate::protocol;

void require(bool condition) {
  if (!condition) std::abort();
}

enum class phase : std::uint8_t { commands, file, raw };

class caller {
 public:
  bytes body;
  std::vector<std::tuple<command, std::size_t, std::size_t, std::uint8_t>> commands;

  void enter(phase next) {
    if (next == phase::commands) framer_.end_raw();
    if (next == phase::file) framer_.expect_file();
    if (next == phase::raw) framer_.begin_raw();
  }

  void feed(bytes_view input) {
    kept_.insert(kept_.end(), input.begin(), input.end());
    const bytes copy = kept_;  // its own memory: a look past the end is seen
    bytes_view rest = copy;
    for (auto step = framer_.next(rest); step.what != command_framer::kind::need_more; step = framer_.next(rest)) {
      if (step.what == command_framer::kind::command) {
        require(framer_.at_command_start());
        require(step.payload.size() + 4 <= rest.size());
        commands.emplace_back(step.type, body.size(), step.size, step.sequence_id);
        framer_.forward_command(step);
        continue;
      }
      require(step.size > 0 && step.size <= rest.size());
      const auto passed = rest.first(step.size);
      body.insert(body.end(), passed.begin(), passed.end());
      rest = rest.subspan(step.size);
    }
    kept_ = bytes(rest.begin(), rest.end());
    require(kept_.size() < 5);
  }

  [[nodiscard]] const bytes& kept() const { return kept_; }

 private:
  command_framer framer_;
  bytes kept_;
};

caller run(bytes_view input, std::uint8_t phases, std::size_t chunk) {
  caller one;
  const auto part = input.size() / 3;
  for (std::size_t i = 0; i < 3; ++i) {
    one.enter(static_cast<phase>(phases % 3U));
    phases /= 3U;
    const auto piece = i == 2 ? input.subspan(2 * part) : input.subspan(i * part, part);
    for (std::size_t at = 0; at < piece.size(); at += chunk) {
      one.feed(piece.subspan(at, std::min(chunk, piece.size() - at)));
    }
  }
  auto all = one.body;
  all.insert(all.end(), one.kept().begin(), one.kept().end());
  require(std::equal(all.begin(), all.end(), input.begin(), input.end()));
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bytes_view input(data + 2, size - 2);
  const auto whole = run(input, data[0], size);
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{data[1]} + 2U}) {
    const auto cut = run(input, data[0], chunk);
    require(cut.body == whole.body);
    require(cut.commands == whole.commands);
  }
  return 0;
}
