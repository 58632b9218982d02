#include "proxy/compression_choice.hpp"

#include "proxy/compressed_transport.hpp"

#include <algorithm>

namespace sessiongate::proxy {

namespace {

using protocol::compression;

constexpr int zstd_level_max = 22;

/// Servers and clients take zlib when both were agreed on.
compression agreed(protocol::capabilities flags) {
  if (protocol::has(flags, protocol::client_compress)) return compression::zlib;
  if (protocol::has(flags, protocol::client_zstd_compression)) return compression::zstd;
  return compression::none;
}

}  // namespace

protocol::capabilities offered_compression(const config& settings) {
  return (settings.client_zlib ? protocol::client_compress : 0) |
         (settings.client_zstd ? protocol::client_zstd_compression : 0);
}

void ask_for_compression(protocol::handshake_response& login, protocol::capabilities offered, const config& settings) {
  const auto flag = settings.backend_compression == compression::zlib   ? protocol::client_compress
                    : settings.backend_compression == compression::zstd ? protocol::client_zstd_compression
                                                                        : 0;
  if (flag == 0 || !protocol::has(offered, flag)) return;
  constexpr std::uint8_t zstd_default = 3;
  login.flags |= flag;
  login.zstd_level = settings.backend_compression_level == 0
                         ? zstd_default
                         : static_cast<std::uint8_t>(settings.backend_compression_level);
}

protocol::bytes compress_client(client_connection& connection, const protocol::handshake_response& login,
                                protocol::bytes received) {
  const auto algorithm = agreed(login.flags);
  if (algorithm == compression::none) return received;
  const int level = algorithm == compression::zstd ? std::min<int>(login.zstd_level, zstd_level_max) : 0;
  auto& client = connection.client();
  client.cover_with(std::make_unique<compressed_transport>(
      client,
      protocol::compressed_writer::options{.algorithm = algorithm,
                                           .level = level,
                                           .size_min = connection.shared().settings.compression_min,
                                           .sends_commands = false},
      std::move(received)));
  return {};
}

void compress_backend(stream& backend, const protocol::handshake_response& login, const config& settings,
                      protocol::bytes received) {
  const auto algorithm = agreed(login.flags);
  if (algorithm == compression::none) return;
  backend.cover_with(std::make_unique<compressed_transport>(
      backend,
      protocol::compressed_writer::options{.algorithm = algorithm,
                                           .level = static_cast<int>(settings.backend_compression_level),
                                           .size_min = settings.compression_min,
                                           .sends_commands = true},
      std::move(received)));
}

}  // namespace sessiongate::proxy
