// Slows down those who guess: attempts to log in to the proxy itself, with a token or as root@proxysys, counted by the
// address that they come from.
//
// The first failures cost nothing. After them each attempt has to wait before it is looked at, whether it is right or
// wrong, and longer with each failure; attempts from one address that come at the same time wait one behind the other,
// and those that would have to wait longer than the longest delay are refused unseen. So the number of guesses that an
// address has in a given time is bounded, with however many connections.
//
// Any thread. Whoever calls does the waiting, with a timer.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::admin {

struct login_throttle_options {
  std::chrono::milliseconds longest_delay{5'000};  // 0: nobody waits
  std::chrono::milliseconds first_delay{250};      // doubles with each failure
  unsigned free_failures = 3;
  std::chrono::seconds forget_after{60};  // without a failure
  std::size_t sources_max = 1024;         // the one that failed longest ago goes first
};

class login_throttle {
 public:
  using clock = std::chrono::steady_clock;

  explicit login_throttle(login_throttle_options options = {}) : options_(options) {}

  /// How long this attempt has to wait before it is looked at. None: it is refused unseen.
  [[nodiscard]] std::optional<clock::duration> admit(std::string_view address, clock::time_point now = clock::now());
  /// The attempt was wrong.
  void failed(std::string_view address, clock::time_point now = clock::now());
  /// It was right, and gave every right that there is. Who has less could otherwise guess for more without limit, by
  /// logging in rightly in between.
  void succeeded_fully(std::string_view address);

  [[nodiscard]] std::size_t sources() const;
  /// In whole seconds, at least one: for who was refused.
  [[nodiscard]] std::chrono::seconds longest_delay() const;

 private:
  struct source {
    unsigned failures = 0;
    clock::time_point last_failure;
    clock::time_point next_look;
  };

  [[nodiscard]] clock::duration delay_after(unsigned failures) const;
  void make_room();

  const login_throttle_options options_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<std::string, source> sources_;
};

/// What addresses are counted by: an IPv4 address, also when written as IPv6 (::ffff:10.0.0.1), and the network of 64
/// bits of an IPv6 address, in which one host has as many addresses as it likes.
std::string throttle_key(std::string_view address);

}  // namespace sessiongate::admin
