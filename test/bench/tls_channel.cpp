#include "test/bench/tls_channel.hpp"

#include <openssl/err.h>

#include <stdexcept>
#include <string>

namespace sessiongate::bench {

namespace {

struct free_context {
  void operator()(SSL_CTX* made) const { SSL_CTX_free(made); }
};

SSL_CTX* shared_context() {
  static const std::unique_ptr<SSL_CTX, free_context> context(SSL_CTX_new(TLS_client_method()));
  return context.get();
}

[[noreturn]] void fail_tls(const char* what) {
  const auto* const reason = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(std::string(what) + ": " + (reason != nullptr ? reason : "the connection was closed"));
}

}  // namespace

tls_channel::tls_channel(const descriptor& socket) : connection_(SSL_new(shared_context())) {
  if (!connection_ || SSL_set_fd(connection_.get(), socket.number()) != 1) fail_tls("TLS");
  if (SSL_connect(connection_.get()) != 1) fail_tls("the TLS handshake");
}

void tls_channel::write_all(protocol::bytes_view from) {
  std::size_t put = 0;
  if (SSL_write_ex(connection_.get(), from.data(), from.size(), &put) != 1) fail_tls("a write through TLS");
}

std::size_t tls_channel::read_some(std::span<std::uint8_t> into) {
  std::size_t got = 0;
  if (SSL_read_ex(connection_.get(), into.data(), into.size(), &got) == 1) return got;
  if (SSL_get_error(connection_.get(), 0) != SSL_ERROR_WANT_READ) fail_tls("a read through TLS");
  return 0;
}

}  // namespace sessiongate::bench
