// KILL as MySQL has it, of what the caller does not own: the backend knows the privileges of its accounts, and decides.
#pragma once

#include "admin/command_kind.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>

namespace sessiongate::admin {

/// Puts a plain KILL to the caller's own backend when the target is a session of the caller's tenant that it does not
/// own, or none of the proxy's. None: it is the proxy's to decide.
boost::asio::awaitable<std::optional<result>> leave_to_backend(std::uint64_t id, command_kind kind, principal who,
                                                               execution_context& context);

}  // namespace sessiongate::admin
