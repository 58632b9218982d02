// Kills that wait for their target's own pace: AFTER STATEMENT, AFTER TRANSACTION.
#pragma once

#include "admin/execution_context.hpp"
#include "admin/kill_manner.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include "session/client_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace sessiongate::admin {

/// One target of a gentle kill, found and authorized.
struct gentle_target {
  session::client_session_ptr session;
  std::uint64_t ss_id = 0;  // this server session only; 0: the whole session
};

/// Waits until the session has ended by itself at the moment that `how` names, and at most as long as that says; then
/// `kill_now` ends it. The mark stays when the killer goes away meanwhile. A kill_outcome, or what kill_now gave.
boost::asio::awaitable<result> kill_gently(gentle_target target, kill_manner how, principal who,
                                           execution_context& context,
                                           std::function<boost::asio::awaitable<result>()> kill_now);

/// So long a session that is at rest has to end by itself, however short the timeout is.
inline constexpr std::chrono::milliseconds gentle_wait_min{10};

/// How long a gentle kill waits.
std::chrono::milliseconds gentle_limit(const kill_manner& how, const execution_context& context);

/// `begun` as the report of such a stop completes it.
kill_outcome conclude_gentle(kill_outcome begun, kill_moment when, const session::stop_report& report);

}  // namespace sessiongate::admin
