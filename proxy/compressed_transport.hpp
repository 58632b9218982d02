// The compressed protocol on a stream, above TLS where there is TLS. Holds no buffers while idle, and no thread's
// memory of the libraries outside a piece.
#pragma once

#include "proxy/transport.hpp"

#include "protocol/compressed_packet.hpp"

namespace sessiongate::proxy {

class compressed_transport final : public transport {
 public:
  /// `received`: what was read behind the login already.
  compressed_transport(stream& socket, const protocol::compressed_writer::options& how, protocol::bytes received);

  io_result read_some(std::span<std::uint8_t> into) override;
  io_result write_some(protocol::bytes_view from) override;
  [[nodiscard]] bool holds_input() const override;
  void finish() override { finish_below(); }

 private:
  void keep(protocol::bytes_view rest);
  io_result uncompress(protocol::bytes_view input, std::span<std::uint8_t> into);

  protocol::compressed_reader reader_;
  protocol::compressed_writer writer_;
  protocol::bytes kept_;  // received, not uncompressed; no memory when there is none
};

}  // namespace sessiongate::proxy
