// Ends sessions and interrupts statements: the only place that does so on somebody's word. execute() calls it for every
// face.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include "session/client_session.hpp"

#include <boost/asio/awaitable.hpp>

namespace sessiongate::admin {

boost::asio::awaitable<result> kill(const kill_session& what, const principal& who, execution_context& context);
boost::asio::awaitable<result> kill(const kill_server_session& what, const principal& who, execution_context& context);
boost::asio::awaitable<result> kill(const kill_query& what, const principal& who, execution_context& context);

/// Ends one session that was found and authorized, at once. Its arguments are the coroutine's own.
boost::asio::awaitable<result> kill_now(session::client_session_ptr target, kill_manner how, principal who,
                                        execution_context& context);

/// What a session that is killed so is told to end for.
session::stop_request stop_request(session::stop_reason reason, const principal& who, const kill_manner& how);

/// Interrupts what a session has left running whose client went away. Who calls it closes the session; `target` is what
/// begin_outcome() gave before.
boost::asio::awaitable<kill_outcome> interrupt_abandoned(kill_outcome target, session::stop_report left,
                                                         execution_context& context);

}  // namespace sessiongate::admin
