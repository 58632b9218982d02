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

/// The backend has refused a login, or could not be reached for it: what that says of the backend.
void note_login_failure(client_connection& connection, backend& about, const protocol::server_error& error);

// Any thread. They tell when the backend's state is another from now on.
/// It was reached.
void note_reached(gateway& shared, const cluster& owner, backend& about);
/// It could not be. `for_good`: it is down then, and not only suspect.
void note_unreached(gateway& shared, const cluster& owner, backend& about, std::string_view why, bool for_good = false);
/// It was taken out of use, or into use again.
void tell_drain(gateway& shared, const cluster& owner, const backend& about, bool drained, std::string_view why);

}  // namespace sessiongate::proxy
