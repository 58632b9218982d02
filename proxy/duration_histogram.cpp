#include "proxy/duration_histogram.hpp"

#include <algorithm>
#include <charconv>

namespace sessiongate::proxy {

duration_histogram::duration_histogram() : limits_in_ticks_(&work_out_limits()) {}

/// Once: the clock's rate hardly moves.
const duration_histogram::tick_limits& duration_histogram::work_out_limits() {
  static const auto worked_out = [] {
    constexpr session::ticks sample = 1'000'000'000;
    const auto ticks_per_second =
        static_cast<double>(sample) * 1e9 / static_cast<double>(session::to_duration(sample).count());
    tick_limits made{};
    std::ranges::transform(limits, made.begin(), [=](std::string_view text) {
      double seconds = 0;
      std::from_chars(text.data(), text.data() + text.size(), seconds);
      return static_cast<session::ticks>(seconds * ticks_per_second);
    });
    return made;
  }();
  return worked_out;
}

}  // namespace sessiongate::proxy
