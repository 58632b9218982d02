#include "proxy/auth_exchange.hpp"

#include "proxy/login_evidence.hpp"
#include "proxy/password.hpp"

#include "protocol/ok_packet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sessiongate::proxy {

namespace {

namespace er = protocol::er;
using session::stop_reason;

constexpr std::size_t nonce_size = 20;          // servers send a zero behind it
constexpr std::size_t longest_nonce_size = 32;  // of client_ed25519
constexpr std::uint8_t fast_authentication_succeeded = 0x03;
constexpr std::uint8_t perform_full_authentication = 0x04;
constexpr std::uint8_t caching_sha2_key_request = 0x02;
constexpr std::uint8_t sha256_key_request = 0x01;

bool is_byte(protocol::bytes_view data, std::uint8_t value) {
  return data.size() == 1 && data.front() == value;
}

/// Servers put 0x01 before what a plugin says; some only when it could be mistaken for another packet.
protocol::bytes_view plugin_data(protocol::bytes_view payload) {
  return payload.front() == protocol::auth_more_data_header ? payload.subspan(1) : payload;
}

/// These answer each packet of the server with one of their own.
bool takes_turns(std::string_view plugin) {
  constexpr std::array known{native_password_plugin, caching_sha2_plugin, sha256_plugin,
                             clear_password_plugin,  ed25519_plugin,      std::string_view("dialog")};
  return std::ranges::find(known, plugin) != known.end();
}

/// Of these the client's first answer proves its password.
bool proves_password(std::string_view plugin) {
  return plugin == native_password_plugin || plugin == caching_sha2_plugin || plugin == ed25519_plugin;
}

}  // namespace

auth_exchange::auth_exchange(const auth_circumstances& given) : given_(given) {
  if (given.evidence != evidence_wanted::none) evidence_ = std::make_unique<login_evidence>();
}

auth_exchange::~auth_exchange() = default;

std::unique_ptr<login_evidence> auth_exchange::take_evidence() {
  return std::move(evidence_);
}

void auth_exchange::note_question(std::string_view data, bool next_factor) {
  if (!evidence_) return;
  const bool several = evidence_->several_factors || next_factor;
  *evidence_ = {};
  evidence_->plugin = plugin_;
  evidence_->nonce = data.substr(0, plugin_ == ed25519_plugin ? longest_nonce_size : nonce_size);
  evidence_->several_factors = several;
}

/// Some clients say that they have no password with a zero byte.
void auth_exchange::note_proof(protocol::bytes_view payload) {
  if (!evidence_ || phase_ == phase::password || !evidence_->proved_by.empty() || !proves_password(plugin_)) return;
  evidence_->proved_by = plugin_;
  if (!is_byte(payload, 0)) evidence_->proof = to_secret(payload);
}

/// Where it may not be kept, what it would have proved is.
void auth_exchange::note_password(protocol::bytes_view payload) {
  if (!evidence_ || payload.empty() || payload.back() != 0) return;
  const auto password = protocol::as_text(payload.first(payload.size() - 1));
  if (given_.evidence == evidence_wanted::passwords) {
    evidence_->password = secret_text(password);
  } else {
    evidence_->proved_by = caching_sha2_plugin;
    evidence_->proof = to_secret(protocol::as_bytes(caching_sha2_response(password, nonce_)));
  }
}

/// The server has not looked at the proof, or found it wrong: some clients get it wrong.
void auth_exchange::void_proof() {
  if (!evidence_) return;
  evidence_->proved_by.clear();
  evidence_->proof.clear();
}

auth_exchange::step auth_exchange::to_client(protocol::bytes_view packet, turn after) {
  turn_ = after;
  return {step::action::to_client, to_secret(packet), {}, {}};
}

auth_exchange::step auth_exchange::to_backend(protocol::bytes_view packet) {
  turn_ = turn_ == turn::either ? turn::either : turn::backend;
  return {step::action::to_backend, to_secret(packet), {}, {}};
}

auth_exchange::step auth_exchange::refuse(std::string_view message) {
  secret_bytes().swap(password_);
  return {
      step::action::refused, {}, {er::unsupported_auth_mode, "08004", std::string(message)}, stop_reason::login_failed};
}

auth_exchange::step auth_exchange::break_off(protocol::server_error error) {
  secret_bytes().swap(password_);
  return {step::action::refused, {}, std::move(error), stop_reason::protocol_error};
}

auth_exchange::step auth_exchange::broken_by_backend(std::string_view how) {
  return break_off({er::malformed_packet, "HY000", fmt::format("Malformed communication packet: the server {}", how)});
}

auth_exchange::step auth_exchange::out_of_order() {
  return break_off({er::packets_out_of_order, "08S01", "Got packets out of order"});
}

/// sha256_password wants TLS; to caching_sha2_password a Unix socket is as good.
bool auth_exchange::is_protected(link_kind side) const {
  return side == link_kind::encrypted || (side == link_kind::local && plugin_ != sha256_plugin);
}

std::uint8_t auth_exchange::key_request() const {
  return plugin_ == sha256_plugin ? sha256_key_request : caching_sha2_key_request;
}

auth_exchange::step auth_exchange::on_backend(protocol::bytes_view payload) {
  if (payload.empty()) return broken_by_backend("sent an empty packet in a login");
  if (payload.front() == protocol::ok_header || protocol::is_err_packet(payload)) {
    secret_bytes().swap(password_);
    return {step::action::finished, {}, {}, {}};
  }
  if (turn_ == turn::client) return broken_by_backend("spoke when it was the client's turn");
  if (++rounds_ > given_.rounds_max) {
    return break_off({er::handshake_error, "08S01",
                      fmt::format("Bad handshake: the server has asked more than {} times", given_.rounds_max)});
  }
  if (payload.front() == protocol::auth_switch_header) {
    const auto wanted = protocol::parse_auth_switch_request(payload);
    if (!wanted) return broken_by_backend("sent a plugin's name without an end");
    return on_switch(*wanted, payload);
  }
  if (payload.front() == protocol::auth_next_factor_header &&
      protocol::has(given_.negotiated, protocol::client_multi_factor_authentication)) {
    const auto wanted = protocol::parse_auth_next_factor(payload);
    if (!wanted) return broken_by_backend("sent a plugin's name without an end");
    return on_switch(*wanted, payload);
  }
  return on_more_data(payload);
}

auth_exchange::step auth_exchange::on_switch(const protocol::auth_switch_request& wanted,
                                             protocol::bytes_view payload) {
  const auto& plugin = plugin_ = wanted.plugin;
  nonce_ = wanted.data.substr(0, nonce_size);
  note_question(wanted.data, payload.front() == protocol::auth_next_factor_header);
  if (plugin.empty()) {
    return refuse("The account has a password of MySQL 4.0's kind (mysql_old_password), which is not supported");
  }
  if (plugin == clear_password_plugin && given_.client == link_kind::plain) {
    return refuse(
        "The account's authentication plugin mysql_clear_password sends the password as it is: the "
        "connection has to be encrypted (TLS) for it");
  }
  phase_ = plugin == caching_sha2_plugin ? phase::challenge : plugin == sha256_plugin ? phase::password : phase::carry;
  return to_client(payload, takes_turns(plugin) ? turn::client : turn::either);
}

auth_exchange::step auth_exchange::on_more_data(protocol::bytes_view payload) {
  const auto data = plugin_data(payload);
  if (phase_ == phase::backend_key) return encrypt_for_backend(protocol::as_text(data));
  if (phase_ == phase::challenge && is_byte(data, fast_authentication_succeeded)) {
    return to_client(payload, turn::backend);  // which sends its OK behind it
  }
  if (phase_ == phase::challenge && is_byte(data, perform_full_authentication)) {
    phase_ = phase::password;
    void_proof();
  }
  return to_client(payload, takes_turns(plugin_) ? turn::client : turn::either);
}

auth_exchange::step auth_exchange::on_client(protocol::bytes_view payload) {
  if (turn_ == turn::backend) return out_of_order();
  note_proof(payload);
  if (phase_ == phase::password) return on_password(payload);
  if (phase_ == phase::own_key) return decrypt_for_backend(payload);
  return to_backend(payload);
}

/// The client was asked for its password. It answers with that, or with a request for a key to encrypt it; a client
/// that knows a key beforehand encrypts at once.
auth_exchange::step auth_exchange::on_password(protocol::bytes_view payload) {
  const bool to_be_encrypted = !is_protected(given_.backend);
  phase_ = phase::carry;
  if (payload.empty() || is_byte(payload, 0)) return to_backend(payload);  // an empty password
  if (is_byte(payload, key_request())) {
    // Who asks though nothing has to be encrypted is answered as without a proxy.
    if (to_be_encrypted || is_protected(given_.client)) return to_backend(payload);
    if (given_.own_key == nullptr) {
      return refuse("The password can be taken over an encrypted connection (TLS) only");
    }
    phase_ = phase::own_key;
    protocol::bytes packet;
    protocol::write_auth_more_data(packet, given_.own_key->public_pem());
    return to_client(packet, turn::client);
  }
  const bool encrypted = !is_protected(given_.client);
  if (!encrypted) note_password(payload);
  if (encrypted == to_be_encrypted) return to_backend(payload);
  return encrypted ? decrypt_for_backend(payload) : take_password(payload);
}

/// The password itself, for a backend that must not get it so.
auth_exchange::step auth_exchange::take_password(protocol::bytes_view payload) {
  password_ = to_secret(payload);
  phase_ = phase::backend_key;
  if (given_.backend_public_pem != nullptr) return encrypt_for_backend(*given_.backend_public_pem);
  const std::array request{key_request()};
  return to_backend(request);
}

auth_exchange::step auth_exchange::encrypt_for_backend(std::string_view public_pem) {
  phase_ = phase::carry;
  if (nonce_.empty()) return broken_by_backend("sent no nonce");
  mix_with_nonce(password_, nonce_);
  const auto cipher = rsa_encrypt(public_pem, password_);
  secret_bytes().swap(password_);
  if (!cipher) return broken_by_backend("has no RSA key that this password can be encrypted with");
  return to_backend(*cipher);
}

auth_exchange::step auth_exchange::decrypt_for_backend(protocol::bytes_view cipher) {
  phase_ = phase::carry;
  auto password = given_.own_key == nullptr ? std::nullopt : given_.own_key->decrypt(cipher);
  if (!password || nonce_.empty()) {
    return refuse(
        "The password is encrypted for another key than the proxy's: connect with TLS, or let the client ask "
        "for the key");
  }
  mix_with_nonce(*password, nonce_);
  note_password(*password);
  return to_backend(*password);
}

}  // namespace sessiongate::proxy
