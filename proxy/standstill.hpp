// For how long a number has stood still, as seen by somebody who looks at it now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sessiongate::proxy {

class standstill {
 public:
  using clock = std::chrono::steady_clock;

  /// The time since the first of the looks that found this very number. Zero when the one before found another.
  clock::duration look(std::uint64_t number, clock::time_point now) {
    if (!since_ || number != number_) {
      number_ = number;
      since_ = now;
    }
    return now - *since_;
  }
  void forget() { since_.reset(); }

 private:
  std::uint64_t number_ = 0;
  std::optional<clock::time_point> since_;
};

}  // namespace sessiongate::proxy
