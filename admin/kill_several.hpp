// Kills every session that a predicate meets, or tells which it would. Each of them is killed through execute() like
// one that was named by its id, so each is authorized, recorded and counted for itself.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <boost/asio/awaitable.hpp>

namespace sessiongate::admin {

/// - Sessions that the caller may not kill are not matched: it is not told of them.
/// - The session that asks is left out unless it is included, and is the last one then.
/// - A dry run leaves no record; so does one that was refused for its number of sessions, but for that refusal.
boost::asio::awaitable<result> kill(const kill_matching& what, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
