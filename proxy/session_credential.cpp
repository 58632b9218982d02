#include "proxy/session_credential.hpp"

namespace sessiongate::proxy {

credential_view no_credential(std::string why, session::recovery_obstacle obstacle) {
  return {.why = std::move(why), .obstacle = obstacle};
}

std::string to_text(const credential_view& view) {
  switch (view.from) {
    case credential_view::source::configured:
      return "configured";
    case credential_view::source::learned:
      return "learned";
    case credential_view::source::learning:
      return "learning";
    case credential_view::source::none:
      break;
  }
  return "none: " + view.why;
}

session_credential::session_credential(credential_store* keeper, std::string user,
                                       std::unique_ptr<login_evidence> login)
    : keeper_(keeper), user_(std::move(user)), login_(std::move(login)) {}

std::shared_ptr<const login_evidence> session_credential::login() const {
  const std::lock_guard lock(mutex_);
  return login_;
}

void session_credential::forget_login() const {
  const std::lock_guard lock(mutex_);
  login_.reset();
}

}  // namespace sessiongate::proxy
