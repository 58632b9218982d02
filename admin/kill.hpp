// Ends sessions and interrupts statements: the only place that does so on somebody's word. execute() calls it for every
// face.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <boost/asio/awaitable.hpp>

namespace sessiongate::admin {

boost::asio::awaitable<result> kill(const kill_session& what, const principal& who, execution_context& context);
boost::asio::awaitable<result> kill(const kill_server_session& what, const principal& who, execution_context& context);
boost::asio::awaitable<result> kill(const kill_query& what, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
