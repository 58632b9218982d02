// execute(): the only thing that acts on a command. Look up, authorize, act, tell the truth.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <boost/asio/awaitable.hpp>

namespace sessiongate::admin {

/// Runs on the caller's executor, which must run on one thread (or be a strand). The context must outlive it; nothing
/// throws but bad_alloc.
/// - What the caller may do to no session at all is forbidden, whether there are any or not.
/// - Which sessions exist is told only as far as the caller may see them: what is hidden is unknown_id.
/// - kill_session of the caller's own session does not stop it: the outcome is killed_self, and the caller answers 1317
///   and closes.
/// - kill_session of another: the target is stopped first (closed at once), then the statements that were in flight are
///   interrupted on their backends, then the outcome is given.
/// - kill_server_session: the same for one server session; also for the caller's own, whose client connection stays.
/// - kill_query: a running statement is interrupted (the backend's refusal is a failure of kind backend).
boost::asio::awaitable<result> execute(command what, principal who, execution_context& context);

}  // namespace sessiongate::admin
