// The epoll descriptor on which an io_context waits for its own sockets and timers.
#pragma once

#include <boost/asio/io_context.hpp>

namespace sessiongate::proxy {

/// It becomes readable when the context has something to do that comes from a socket, a timer or a signal; posts do not
/// show. -1: it has none, or it was not found. Before the context's thread runs.
int find_reactor_descriptor(boost::asio::io_context& context);

}  // namespace sessiongate::proxy
