#include "admin/breather.hpp"

#include <thread>

namespace sessiongate::admin {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_work = 300us;
/// Its length does not matter: a thread that sleeps does not compete, however short, and one that only yields may be
/// chosen again at once.
constexpr auto pause = 1us;

}  // namespace

void breather::look() {
  if (std::chrono::steady_clock::now() - worked_since_ < longest_work) return;
  std::this_thread::sleep_for(pause);
  worked_since_ = std::chrono::steady_clock::now();
}

}  // namespace sessiongate::admin
