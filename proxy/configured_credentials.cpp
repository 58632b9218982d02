#include "proxy/configured_credentials.hpp"

#include <fmt/format.h>

namespace sessiongate::proxy {

credential_view configured_credentials::look(const session_credential& of) const {
  using session::recovery_obstacle;
  const auto users = users_.load();
  const auto at = users->accounts.find(of.user());
  if (at == users->accounts.end()) return no_credential(fmt::format("the users file has no user '{}'", of.user()));
  const auto& known = at->second;
  if (known->refused()) {
    return no_credential("the server has refused the password of the users file",
                         recovery_obstacle::credentials_refused);
  }
  const auto login = of.login();
  if (login && agrees(*login, *known) == false) {
    return no_credential("the client logged in with another password than the users file has",
                         recovery_obstacle::credentials_refused);
  }
  // How the connection is protected is known at the next login only.
  auto unfit = login && !login->plugin.empty() ? known->why_not(login->plugin, link_kind::encrypted) : std::string();
  if (login && login->several_factors) unfit = "the account's login has several factors";
  if (!unfit.empty()) return no_credential(std::move(unfit));
  return {.from = credential_view::source::configured, .known = known};
}

}  // namespace sessiongate::proxy
