// The credentials of a cluster that has them from a file of users (users_file.hpp). What a login proved is compared
// with them: the file may be wrong, or old. Any thread.
#pragma once

#include "proxy/session_credential.hpp"
#include "proxy/users_file.hpp"

#include "session/published.hpp"

#include <memory>

namespace sessiongate::proxy {

class configured_credentials {
 public:
  explicit configured_credentials(users_list initial) : users_(std::move(initial)) {}

  /// What there is for this login by the file as it is now.
  [[nodiscard]] credential_view look(const session_credential& of) const;
  [[nodiscard]] std::shared_ptr<const users_list> users() const { return users_.load(); }
  /// A changed file: what a backend has refused is tried again.
  void replace(users_list changed) { users_.store(std::move(changed)); }

 private:
  session::published<users_list> users_;
};

}  // namespace sessiongate::proxy
