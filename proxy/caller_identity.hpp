// Who gives the commands of one SQL session, and with which rights. What the client wrote is no answer: an account's
// name and rights are asked of the backend that authenticated it, over its own idle server session, when a command's
// outcome can depend on them. Lives on the session's worker.
#pragma once

#include "proxy/account_grants.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/kill_route.hpp"

#include "admin/command.hpp"
#include "admin/principal.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace sessiongate::proxy {

class caller_identity {
 public:
  /// `own` may be null, as in kill_route: then nobody can be asked.
  caller_identity(client_connection& connection, own_server_session* own) : connection_(connection), own_(own) {}

  /// Asks the backend when it has to; without an answer the caller is an account without rights.
  awaitable<admin::principal> identify(const admin::command& what);

 private:
  [[nodiscard]] admin::principal as_account() const;
  [[nodiscard]] bool is_settled(const admin::principal& who, const admin::command& what) const;
  [[nodiscard]] bool is_operator(const std::string& user) const;
  [[nodiscard]] bool is_known() const;
  awaitable<void> ask();

  client_connection& connection_;
  own_server_session* own_;
  std::optional<account_grants> grants_;
  std::shared_ptr<const session::identity> asked_as_;  // another one after COM_CHANGE_USER
  std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace sessiongate::proxy
