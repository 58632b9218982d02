// Waiting in a coroutine for what a session's worker reports, with a limit.
#pragma once

#include "session/client_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace sessiongate::admin {

/// Calls `start` with a handler and waits until that is called, from whatever thread. Empty when the limit passed
/// first. The handler may be kept, called and destroyed at any time after, even when the waiting executor is gone.
boost::asio::awaitable<std::optional<session::stop_report>> wait_for_report(
    std::function<void(session::stop_handler)> start, std::chrono::milliseconds limit);

}  // namespace sessiongate::admin
