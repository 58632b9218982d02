// A login that the proxy makes by itself for a client session that has lost its server session: to whichever backend of
// the cluster lets it in, with the credential of the session's account. On the session's worker.
#pragma once

#include "proxy/admission.hpp"
#include "proxy/backend_login.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/statement_dialogue.hpp"

#include "protocol/handshake_response.hpp"

#include <chrono>
#include <optional>
#include <variant>

namespace sessiongate::proxy {

using recovery_deadline = std::chrono::steady_clock::time_point;

struct recovery_start {
  backend_login made;
  connection_limit::place place;  // among the recovery-concurrency sessions of the cluster that are at it
};

/// Tries until then, for a server that is restarted takes a while, and others are at it, too. `login` is what the
/// client logged in with, and `negotiated` what came of it, which must come of this one, too. When it fails the
/// connection has no server session.
awaitable<std::variant<recovery_failure, recovery_start>> log_in_again(client_connection& connection,
                                                                       const protocol::handshake_response& login,
                                                                       protocol::capabilities negotiated,
                                                                       recovery_deadline until);

}  // namespace sessiongate::proxy
