#include "proxy/tls_context.hpp"

#include "proxy/tls_sessions.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

#include <string_view>

namespace sessiongate::proxy {

namespace {

constexpr std::string_view made_at_start = "auto";

std::string last_reason() {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown error";
}

[[noreturn]] void fail(std::string_view setting, std::string_view value) {
  throw std::runtime_error(fmt::format("--{}: {}: {}", setting, value, last_reason()));
}

std::shared_ptr<SSL_CTX> make_side(const SSL_METHOD* method, const config& settings) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> made(SSL_CTX_new(method), SSL_CTX_free);
  if (!made) throw std::runtime_error("cannot set up TLS: " + last_reason());
  auto* context = made.get();
  SSL_CTX_set_min_proto_version(context, settings.tls_min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // idle sessions hold none
  if (!settings.tls_ciphers.empty() && SSL_CTX_set_cipher_list(context, settings.tls_ciphers.c_str()) != 1)
    fail("tls-ciphers", settings.tls_ciphers);
  if (!settings.tls_ciphersuites.empty() && SSL_CTX_set_ciphersuites(context, settings.tls_ciphersuites.c_str()) != 1)
    fail("tls-ciphersuites", settings.tls_ciphersuites);
  return made;
}

/// An encrypted key would ask for its passphrase on the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

/// The certificate with its chain, and its key, from files; the key may be in the certificate's file.
void use_files(SSL_CTX* context, std::string_view side, const std::string& certificate, const std::string& key) {
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    fail(fmt::format("{}-tls-cert", side), certificate);
  const auto& key_file = key.empty() ? certificate : key;
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    fail(fmt::format("{}-tls-key", side), key_file);
}

void use_memory(SSL_CTX* context, const self_signed_identity& own) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> certificate_text(
      BIO_new_mem_buf(own.certificate.data(), static_cast<int>(own.certificate.size())), BIO_free_all);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> key_text(
      BIO_new_mem_buf(own.key.data(), static_cast<int>(own.key.size())), BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const bool used =
      SSL_CTX_use_certificate(context, certificate.get()) == 1 && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  if (!used) fail("client-tls-cert", made_at_start);
}

void trust(SSL_CTX* context, std::string_view setting, const std::string& authorities) {
  const bool known = authorities.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                         : SSL_CTX_load_verify_file(context, authorities.c_str()) == 1;
  if (!known) fail(setting, authorities);
}

void ask_for_client_certificates(SSL_CTX* context, const config& settings) {
  trust(context, "client-tls-ca", settings.client_tls_ca);
  auto* names = SSL_load_client_CA_file(settings.client_tls_ca.c_str());
  if (names == nullptr) fail("client-tls-ca", settings.client_tls_ca);
  SSL_CTX_set_client_CA_list(context, names);
  const int must = settings.client_tls_verify == "required" ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
}

/// Whom the backend's certificate must name, and for a host name: whom the backend is asked for (SNI).
void name_peer(SSL* connection, const std::string& host, bool verify) {
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(host, not_numeric);
  if (not_numeric) SSL_set_tlsext_host_name(connection, host.c_str());
  if (!verify) return;
  if (not_numeric)
    SSL_set1_host(connection, host.c_str());
  else
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str());
}

}  // namespace

void ssl_deleter::operator()(SSL* dead) const {
  SSL_free(dead);
}

tls_context::tls_context(const config& settings)
    : settings_(settings), client_mode_(client_tls_mode(settings)), client_(side()), backend_(side()) {
  if (offers_clients() && settings.client_tls_cert == made_at_start) own_ = make_self_signed();
  reload();
}

void tls_context::reload() {
  auto client = offers_clients() ? make_client_side() : side();
  auto backend = settings_.backend_tls != tls_mode::disabled ? make_backend_side() : side();
  client_.store(std::move(client));
  backend_.store(std::move(backend));
}

tls_context::side tls_context::make_client_side() const {
  auto made = make_side(TLS_server_method(), settings_);
  auto* context = made.get();
  if (own_.key.empty())
    use_files(context, "client", settings_.client_tls_cert, settings_.client_tls_key);
  else
    use_memory(context, own_);
  if (!settings_.client_tls_ca.empty()) ask_for_client_certificates(context, settings_);
  // Sessions are resumed from tickets: the proxy keeps nothing for them.
  SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);  // clients send passwords
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  constexpr std::string_view id = "sessiongate";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()),
                                 static_cast<unsigned>(id.size()));
  return made;
}

tls_context::side tls_context::make_backend_side() const {
  auto made = make_side(TLS_client_method(), settings_);
  auto* context = made.get();
  if (!settings_.backend_tls_cert.empty())
    use_files(context, "backend", settings_.backend_tls_cert, settings_.backend_tls_key);
  const bool verify = settings_.backend_tls >= tls_mode::verify_ca;
  if (verify) trust(context, "backend-tls-ca", settings_.backend_tls_ca);
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  keep_sessions(context);
  return made;
}

ssl_handle tls_context::accept() const {
  ssl_handle made(SSL_new(client_.load()->get()));
  if (!made) throw std::bad_alloc();
  SSL_set_accept_state(made.get());
  return made;
}

ssl_handle tls_context::connect(const session::endpoint& to) const {
  ssl_handle made(SSL_new(backend_.load()->get()));
  if (!made) throw std::bad_alloc();
  SSL_set_connect_state(made.get());
  name_peer(made.get(), to.address, settings_.backend_tls == tls_mode::verify_identity);
  resume_session(made.get(), to.text());
  return made;
}

}  // namespace sessiongate::proxy
