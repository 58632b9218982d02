// What is counted of the credentials of one cluster, by all who have to do with them together: once for a login, for a
// question to a backend, for a reading of the users file. Any thread.
#pragma once

#include "proxy/session_credential.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sessiongate::proxy {

/// What the proxy has for a login, or a change of user, once that is settled.
enum class credential_outcome : std::uint8_t {
  configured,
  learned,
  no_credentials,
  credentials_refused,  // the users file has another password than the client, or one that a backend has refused
  session_ended,        // before the backend's answer was there
};
inline constexpr std::array<std::string_view, 5> credential_outcome_names{"configured", "learned", "no_credentials",
                                                                          "credentials_refused", "session_ended"};

inline credential_outcome outcome_of(const credential_view& settled) {
  using enum credential_outcome;
  if (settled.known) return settled.from == credential_view::source::configured ? configured : learned;
  return settled.obstacle == session::recovery_obstacle::credentials_refused ? credentials_refused : no_credentials;
}

class credential_counters {
 public:
  using clock = std::chrono::system_clock;

  void count_login(credential_outcome settled) { add(logins_[static_cast<std::size_t>(settled)]); }
  /// The control account was told what a backend stores of an account, or was not.
  void count_read(bool told) { add(told ? reads_ : failed_reads_); }
  /// A backend has refused a credential.
  void count_refusal() { add(refusals_); }
  /// The users file was read at start.
  void note_load(clock::time_point at) { loaded_at_.store(at, std::memory_order_relaxed); }
  /// It was read again. One thread at a time.
  void count_reload(bool usable, clock::time_point at) {
    add(usable ? reloads_ : failed_reloads_);
    last_failed_.store(!usable, std::memory_order_relaxed);
    if (usable) note_load(at);
  }

  [[nodiscard]] std::uint64_t logins(credential_outcome settled) const {
    return value(logins_[static_cast<std::size_t>(settled)]);
  }
  [[nodiscard]] std::uint64_t reads() const { return value(reads_); }
  [[nodiscard]] std::uint64_t failed_reads() const { return value(failed_reads_); }
  [[nodiscard]] std::uint64_t refusals() const { return value(refusals_); }
  [[nodiscard]] std::uint64_t reloads() const { return value(reloads_); }
  [[nodiscard]] std::uint64_t failed_reloads() const { return value(failed_reloads_); }
  [[nodiscard]] bool last_reload_failed() const { return last_failed_.load(std::memory_order_relaxed); }
  /// When the users file was last read that is in use.
  [[nodiscard]] clock::time_point loaded_at() const { return loaded_at_.load(std::memory_order_relaxed); }

 private:
  using number = std::atomic<std::uint64_t>;
  static void add(number& to) { to.fetch_add(1, std::memory_order_relaxed); }
  static std::uint64_t value(const number& of) { return of.load(std::memory_order_relaxed); }

  std::array<number, credential_outcome_names.size()> logins_{};
  number reads_{0};
  number failed_reads_{0};
  number refusals_{0};
  number reloads_{0};
  number failed_reloads_{0};
  std::atomic<bool> last_failed_{false};
  std::atomic<clock::time_point> loaded_at_{};
};

}  // namespace sessiongate::proxy
