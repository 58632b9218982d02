// A COM_CHANGE_USER under way: the authentication of a login (auth_exchange.hpp) in the middle of a relay. Takes the
// bytes of both sides as they come and numbers each side's packets by itself, for the proxy may answer one of them.
// Belongs to the session's relay.
#pragma once

#include "proxy/auth_exchange.hpp"
#include "proxy/login_evidence.hpp"

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace sessiongate::proxy {

class change_user_exchange {
 public:
  /// `sequence_id` is that of the COM_CHANGE_USER packet, on both sides.
  change_user_exchange(const auth_circumstances& given, std::size_t packet_max, std::uint8_t sequence_id);

  /// How many bytes the packet at the front of `input` has, its header included; zero while it is not whole.
  /// Above packet_max it need not be whole.
  [[nodiscard]] static std::size_t whole_packet(protocol::bytes_view input);
  [[nodiscard]] bool too_large(protocol::bytes_view input) const;

  /// What to do with a packet: as auth_exchange says, with `packet` ready to be sent. When it is finished, `packet` is
  /// the backend's OK or ERR with the client's numbering.
  auth_exchange::step on_client(protocol::bytes_view packet);
  auth_exchange::step on_backend(protocol::bytes_view packet);

  std::unique_ptr<login_evidence> take_evidence() { return exchange_.take_evidence(); }

  /// For an error that the proxy tells.
  [[nodiscard]] std::uint8_t next_for_client() const { return client_next_; }

  /// Bytes of the backend that are not dealt with. At most one packet is not whole.
  protocol::bytes from_backend;

 private:
  auth_exchange::step number(auth_exchange::step next, protocol::bytes_view answered);

  auth_exchange exchange_;
  std::size_t packet_max_;
  std::uint8_t client_next_;
  std::uint8_t backend_next_;
};

}  // namespace sessiongate::proxy
