// Whether a server's stored programs and views may change a session's state without a word of it: user variables,
// locks, temporary tables, prepared statements. Counted by the health checks over the control account. One thread
// writes, any reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class routine_watch {
 public:
  using clock = std::chrono::steady_clock;

  /// So many stored programs and views are a risk, as a question sent at `asked` has found.
  void note(std::uint64_t risky, clock::time_point asked);
  /// It cannot be known: the account may not look, or there was no answer.
  void note_unknown(std::string why);

  /// A session that has been there since then may have been changed unseen.
  [[nodiscard]] bool possible(clock::time_point since) const;
  /// None: not known.
  [[nodiscard]] std::optional<std::uint64_t> risky() const;
  [[nodiscard]] std::string why_unknown() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::uint64_t> risky_;
  std::optional<clock::time_point> none_since_;
  std::string why_unknown_ = "stored programs were not looked at yet";
};

/// What the control account is asked.
struct routine_questions {
  std::string rights;  // a row for each privilege that it has everywhere
  std::vector<std::string>
      counts;  // each gives one number, or an error when it may not look: routines, triggers, views
};
/// In the words of that server, which gives up on a count after `limit`: with very many tables it has much to read.
routine_questions questions_for(std::string_view server_version, std::chrono::milliseconds limit);
/// A privilege without which the server would not show all stored programs; empty: it shows them.
std::string_view missing_right(const std::vector<std::string>& granted, std::string_view server_version);

}  // namespace sessiongate::proxy
