// TLS on a client's socket, with OpenSSL's own reads and writes. Any certificate will do: the server is this machine.
#pragma once

#include "test/bench/sockets.hpp"

#include "protocol/bytes.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>

namespace sessiongate::bench {

class tls_channel {
 public:
  /// The handshake, on a blocking socket, which has to outlive it.
  explicit tls_channel(const descriptor& socket);

  void write_all(protocol::bytes_view from);
  /// Bytes of one record; none when only TLS's own have come.
  std::size_t read_some(std::span<std::uint8_t> into);

 private:
  struct free_connection {
    void operator()(SSL* made) const { SSL_free(made); }
  };
  std::unique_ptr<SSL, free_connection> connection_;
};

}  // namespace sessiongate::bench
