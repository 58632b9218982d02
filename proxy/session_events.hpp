// What the proxy tells its live events (admin/event_log.hpp) of sessions and of backends. Nothing is made of what
// nobody wants.
#pragma once

#include "proxy/client_connection.hpp"

#include <string_view>

namespace sessiongate::proxy {

// The session's worker.
/// Its login is complete.
void tell_opened(client_connection& connection);
/// It has ended: while its records are still what they were.
void tell_closed(client_connection& connection, const session::stop_request& why, bool logged_in);
/// A command has taken longer than slow-statement-time.
void tell_slow(client_connection& connection, protocol::command answered, session::ticks took);

/// Any thread. Tells when the backend is another than it was last.
void note_backend(gateway& shared, const cluster& owner, backend& about, backend_health now, std::string_view why = {});

}  // namespace sessiongate::proxy
