// With what the proxy can log in again as the present user of a session: made when the session's login is complete,
// replaced by the next COM_CHANGE_USER. The session owns it; its cluster's credential_store settles it, at once or
// later. Any thread.
#pragma once

#include "proxy/credential.hpp"
#include "proxy/login_evidence.hpp"

#include "session/published.hpp"
#include "session/recovery_obstacle.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

/// What there is at the moment.
struct credential_view {
  enum class source : std::uint8_t { configured, learned, learning, none };

  source from = source::none;
  std::shared_ptr<const credential> known{};                                         // configured and learned
  std::string why{};                                                                 // of none: for people
  session::recovery_obstacle obstacle = session::recovery_obstacle::no_credentials;  // while there is none
};

credential_view no_credential(std::string why,
                              session::recovery_obstacle obstacle = session::recovery_obstacle::no_credentials);
/// `configured`, `learned`, `learning` or `none: ` and why.
std::string to_text(const credential_view& view);

class credential_store;

class session_credential {
 public:
  /// `keeper` settles it, and outlives it.
  session_credential(credential_store* keeper, std::string user, std::unique_ptr<login_evidence> login);

  [[nodiscard]] const std::string& user() const { return user_; }
  [[nodiscard]] credential_store& keeper() const { return *keeper_; }

  // For the store.
  [[nodiscard]] credential_view view() const { return *view_.load(); }
  void settle(credential_view view) const { view_.store(std::move(view)); }
  /// What the login told. Null when it is not needed any more.
  [[nodiscard]] std::shared_ptr<const login_evidence> login() const;
  void forget_login() const;

 private:
  credential_store* const keeper_;
  const std::string user_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const login_evidence> login_;
  mutable session::published<credential_view> view_{credential_view{}};
};

}  // namespace sessiongate::proxy
