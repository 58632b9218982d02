// The credentials of a cluster that learns them from its clients' logins. What one login told, and what the backend
// stores of the account where that is needed, is all there is: nothing is kept on disk, and a credential lives as long
// as a session that was logged in with it. Who has the answers of the backend is told what to ask (wanted()), and
// brings the answer (learn(), fail()). Any thread.
#pragma once

#include "proxy/backend.hpp"
#include "proxy/credential_counters.hpp"
#include "proxy/password_hashes.hpp"
#include "proxy/session_credential.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

class learned_credentials {
 public:
  using clock = std::chrono::steady_clock;

  struct options {
    bool passwords_are_kept = false;
    bool can_ask = false;  // there is a control account
    std::chrono::milliseconds hashes_kept{};
  };

  /// `counted` outlives it.
  learned_credentials(options given, credential_counters& counted) : options_(given), counted_(counted) {}

  /// Settles it, now or when the backend's answer is there. `where` is the backend that the login was on. True: there
  /// is something more to ask.
  bool note_login(const std::shared_ptr<const session_credential>& login, std::shared_ptr<backend> where,
                  clock::time_point now);

  /// What is to be asked next, and when at the earliest.
  struct question {
    std::string user;
    std::shared_ptr<backend> where;
    clock::time_point due;
  };
  [[nodiscard]] std::optional<question> wanted() const;
  void learn(const std::string& user, password_hashes stored, std::string_view table, clock::time_point now);
  /// Asked again after a pause, for those who still wait.
  void fail(const std::string& user, const std::string& why, clock::time_point now);

  /// A backend has refused it: nobody is given it any more.
  void drop(const std::string& user, const credential& refused);

  /// Forgets what is too old, and accounts that nobody needs. Gives when to come again.
  std::optional<clock::time_point> expire(clock::time_point now);

  /// So many there are that sessions can use.
  [[nodiscard]] std::size_t usable() const;
  /// So many sessions wait for an answer of the backend's.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct account {
    std::vector<std::weak_ptr<const credential>> known;
    password_hashes hashes;
    clock::time_point read_at = clock::time_point::min();
    std::vector<std::weak_ptr<const session_credential>> waiting;
    std::shared_ptr<backend> where;                    // that is asked
    clock::time_point due = clock::time_point::max();  // when it is asked next; max: nobody waits
    clock::time_point not_before;                      // it is asked again
    std::string failure;                               // of the last answer
  };

  bool settle(account& of, const session_credential& login, const login_evidence& told);
  void take(account& of, const session_credential& login, std::shared_ptr<const credential> known);
  void give_up(const session_credential& login, std::string why);

  const options options_;
  credential_counters& counted_;
  mutable std::mutex mutex_;
  std::map<std::string, account, std::less<>> accounts_;
};

}  // namespace sessiongate::proxy
