// Runs several coroutines, a limited number of them at a time.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>

namespace sessiongate::admin {

/// task(0), task(1) … task(count - 1), begun in this order, at most `at_once` at a time; returns when all have ended.
/// On the caller's executor, which must run on one thread. The first exception is thrown again, when all that were
/// begun have ended.
boost::asio::awaitable<void> run_in_lanes(std::size_t count, std::size_t at_once,
                                          std::function<boost::asio::awaitable<void>(std::size_t)> task);

}  // namespace sessiongate::admin
