// The authentication between a client and a backend, packet by packet, without a socket: from the backend's answer to
// the login (or to a COM_CHANGE_USER) until its OK or ERR ("Connection Phase", "Caching SHA-2 Authentication",
// "SHA-256 Authentication"). Almost all is carried as it is. The exception is a password that has to be sent itself
// (full authentication of caching_sha2_password, and sha256_password) when one side of the proxy is protected and the
// other is not:
//
//   client     backend
//   plain      plain       carried: the client asks for the backend's key and encrypts for it
//   protected  protected   carried: the password as it is
//   protected  plain       the client sends its password; the proxy asks the backend for its key and encrypts
//   plain      protected   the client encrypts for the proxy's own key; the proxy sends the password
//
// Belongs to one login. Passwords are in wiped memory only, and only between two packets.
#pragma once

#include "proxy/rsa_key.hpp"
#include "proxy/secret.hpp"

#include "protocol/auth_packets.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/err_packet.hpp"
#include "session/stop_reason.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sessiongate::proxy {

enum class link_kind : std::uint8_t {
  plain,
  local,  // a Unix socket: as good as encrypted for some plugins
  encrypted,
};

struct login_evidence;

/// What is noted of a login for whoever wants to log in as the client later.
enum class evidence_wanted : std::uint8_t {
  none,
  proofs,     // the answers to nonces
  passwords,  // and a password that is sent itself, in full authentication or to sha256_password
};

/// What a login's exchange depends on. Pointers may be null, and outlive it.
struct auth_circumstances {
  link_kind client = link_kind::plain;
  link_kind backend = link_kind::plain;
  protocol::capabilities negotiated = 0;  // with the backend
  const rsa_key* own_key = nullptr;       // for clients that encrypt their password while the backend must not
  const std::string* backend_public_pem = nullptr;  // known beforehand, so that no backend is asked for it
  std::size_t rounds_max = 0;                       // packets of the backend
  evidence_wanted evidence = evidence_wanted::none;
};

class auth_exchange {
 public:
  explicit auth_exchange(const auth_circumstances& given);
  ~auth_exchange();

  /// Whose packet comes next. either: a plugin that the proxy does not know.
  enum class turn : std::uint8_t { backend, client, either };

  /// What to do with a packet.
  struct step {
    enum class action : std::uint8_t {
      to_client,   // send `packet` there
      to_backend,  // send `packet` there
      finished,    // the packet was the backend's OK or ERR: the caller's business
      refused,     // the login is over: `error` is for the client
    };
    action what = action::refused;
    secret_bytes packet;
    protocol::server_error error;
    session::stop_reason reason = session::stop_reason::none;
  };

  step on_backend(protocol::bytes_view payload);
  step on_client(protocol::bytes_view payload);
  /// Either side sent a packet with a wrong sequence id.
  step out_of_order();

  [[nodiscard]] turn next() const { return turn_; }
  /// The last one that the backend named.
  [[nodiscard]] const std::string& plugin() const { return plugin_; }
  /// What was noted, when it has finished with an OK. Null: nothing is wanted.
  std::unique_ptr<login_evidence> take_evidence();

 private:
  enum class phase : std::uint8_t {
    carry,
    challenge,    // caching_sha2_password: the client's answer to the nonce is on its way, or the server judges it
    password,     // the client owes its password, or asks for a key
    own_key,      // the client has the proxy's key, and owes its password
    backend_key,  // the proxy holds the password and has asked the backend for its key
  };

  step on_switch(const protocol::auth_switch_request& wanted, protocol::bytes_view payload);
  step on_more_data(protocol::bytes_view payload);
  step on_password(protocol::bytes_view payload);
  step take_password(protocol::bytes_view payload);
  step decrypt_for_backend(protocol::bytes_view cipher);
  step encrypt_for_backend(std::string_view public_pem);
  step to_client(protocol::bytes_view packet, turn after);
  step to_backend(protocol::bytes_view packet);
  step refuse(std::string_view message);
  step break_off(protocol::server_error error);
  step broken_by_backend(std::string_view how);

  void note_question(std::string_view data, bool next_factor);
  void note_proof(protocol::bytes_view payload);
  void note_password(protocol::bytes_view payload);
  void void_proof();
  [[nodiscard]] bool is_protected(link_kind side) const;
  [[nodiscard]] std::uint8_t key_request() const;

  auth_circumstances given_;
  std::string plugin_;
  std::string nonce_;
  secret_bytes password_;                     // phase backend_key only
  std::unique_ptr<login_evidence> evidence_;  // null: none is wanted
  std::size_t rounds_ = 0;
  phase phase_ = phase::carry;
  turn turn_ = turn::backend;
};

}  // namespace sessiongate::proxy
