// What works on thousands of rows on the admin thread lets the workers have their turn: where they share a core with
// it, the kernel would not take it away before its next tick, up to 10 ms later.
#pragma once

#include <chrono>

namespace sessiongate::admin {

/// One for each loop; any thread that may sleep.
class breather {
 public:
  /// After each row. Now and then, when the thread has worked for long enough, it sleeps for a moment.
  void step() {
    if (++steps_ % steps_between_looks == 0) look();
  }

 private:
  static constexpr unsigned steps_between_looks = 16;

  void look();

  unsigned steps_ = 0;
  std::chrono::steady_clock::time_point worked_since_ = std::chrono::steady_clock::now();
};

}  // namespace sessiongate::admin
