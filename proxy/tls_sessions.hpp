// TLS sessions to resume with backends, each with the one that handed it out: a login then costs no key exchange with
// certificates. Each is used once, as TLS 1.3 wants it. Any thread.
#pragma once

#include <openssl/types.h>

#include <string>

namespace sessiongate::proxy {

/// From now on `context`, which is for connections to the backend, keeps what its servers hand out.
void keep_sessions(SSL_CTX* context);

/// Gives a connection that is about to begin a session to resume, when its context has one of this peer's. What it is
/// handed is kept for the same one.
void resume_session(SSL* connection, const std::string& peer);

}  // namespace sessiongate::proxy
