// TLS on a stream. OpenSSL never touches the socket: what was received is read once into a buffer of the thread's and
// deciphered from there, and all records of a write leave in one send. So an idle connection holds no buffers, a read
// brings many records, and reading never waits for writing or the other way round (no renegotiation: tls_context.cpp).
//
// What asio::ssl::stream would do instead: two buffers of 17 KiB for each connection, and Asio's reactor, which costs
// system calls for each wait (poller.hpp).
#pragma once

#include "proxy/tls_context.hpp"
#include "proxy/transport.hpp"

#include <string>

namespace sessiongate::proxy {

class tls_transport final : public transport {
 public:
  /// `received`: what was read off the socket already and belongs to TLS.
  tls_transport(stream& socket, ssl_handle ssl, protocol::bytes received);

  /// One step of the handshake: done, would_block (more has to be received), or closed with the error. What it put
  /// out is sent by send_output().
  io_result handshake();
  /// Reads from the socket for the handshake.
  io_result receive_more();
  /// would_block: try again when the socket is writable.
  io_result send_output();
  /// Why the handshake failed, in words.
  [[nodiscard]] std::string explain(const error_code& ec) const;

  io_result read_some(std::span<std::uint8_t> into) override;
  io_result write_some(protocol::bytes_view from) override;
  [[nodiscard]] bool holds_input() const override;
  [[nodiscard]] bool encrypts() const override { return true; }
  void finish() override;

  /// OpenSSL's two ends, for its callbacks.
  struct pipe {
    protocol::bytes_view input;  // ciphertext that OpenSSL has not taken
    bool input_is_kept = false;  // it is in `kept`, else in the thread's buffer
    protocol::bytes kept;        // ciphertext that outlives a call; no memory when there is none
  };

 private:
  std::size_t decipher(std::span<std::uint8_t> into);
  void keep_input();
  void note_failure(int result);

  ssl_handle ssl_;
  pipe pipe_;
  std::optional<io_result> end_;  // met behind the bytes that were given last
};

/// What became of a handshake.
struct tls_outcome {
  error_code ec;         // none: the stream is encrypted now
  std::string why;       // the same in words
  bool refused = false;  // by one of the two sides; else the connection broke
};

/// Puts TLS on `over`: who accepts and who connects was decided with `ssl`. Whoever wants a limit closes the stream.
awaitable<tls_outcome> start_tls(stream& over, ssl_handle ssl, protocol::bytes received);

}  // namespace sessiongate::proxy
