// A login of the proxy's own: what a backend asks behind the login packet is answered from a credential, packet by
// packet, until its OK or ERR. Runs wherever the stream lives, on workers and on the admin thread alike.
#pragma once

#include "proxy/auth_exchange.hpp"
#include "proxy/credential.hpp"
#include "proxy/packet_channel.hpp"

#include "protocol/err_packet.hpp"

namespace sessiongate::proxy {

struct exchange_outcome {
  enum class end : std::uint8_t {
    accepted,
    refused,        // by the backend: `error` is its own
    cannot_answer,  // the account's plugin wants what the credential has not: `error` says what
    lost,           // the connection has ended, or the backend does not speak the protocol
  };
  end how = end::lost;
  protocol::server_error error;
  secret_bytes ok;  // the backend's OK, whole: it tells the session's state
};

/// `channel` has sent the login packet, which names unknown_plugin, or a COM_CHANGE_USER. `given` describes the
/// backend's side; its client is the proxy itself. Whoever wants a limit closes the stream.
awaitable<exchange_outcome> authenticate_with(packet_channel& channel, const credential& known,
                                              auth_circumstances given);

/// The backend says that the password is not the account's, and not that something else is wrong with the login.
bool tells_wrong_password(const protocol::server_error& refusal);

}  // namespace sessiongate::proxy
