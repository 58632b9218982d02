// Compressed pieces from a peer, cut anywhere: no more comes out than was announced, and what is refused stays bounded.
// Then the same bytes as a plain stream: what is written is what is read.
#include "protocol/compressed_packet.hpp"

#include <algorithm>
#include <cstdlib>

using namespace sessiongate::protocol;

namespace {

void need(bool holds) {
  if (!holds) std::abort();
}

void read_hostile(bytes_view input, compression algorithm, bool commands, std::size_t cut, compression_pool& pool) {
  compressed_reader reader(algorithm, commands, pool);
  bytes room(1 + cut * 3);
  for (std::size_t total = 0; !input.empty() && total < (std::size_t{1} << 22U);) {
    const auto step = reader.read(input.first(std::min(cut, input.size())), room);
    if (!step) return;
    need(step->produced <= room.size());
    need(step->consumed > 0 || step->produced > 0 || reader.may_hold_output());
    input = input.subspan(step->consumed);
    total += step->produced + 1;
  }
}

/// Packets' ids are made anew.
bytes without_ids(bytes packets, std::size_t size) {
  for (std::size_t at = 0; at + packet_header_size <= size;) {
    packets[at + 3] = 0;
    at += packet_header_size + load_packet_header(packets.data() + at).payload_length;
  }
  return packets;
}

void round_trip(bytes_view plain, compression algorithm, bool commands, std::size_t cut, compression_pool& pool) {
  compressed_writer writer({.algorithm = algorithm, .size_min = 20, .sends_commands = commands}, pool);
  bytes coded;
  for (auto rest = plain; !rest.empty();)
    rest = rest.subspan(writer.write(coded, rest.first(std::min(cut, rest.size()))));
  compressed_reader reader(algorithm, commands, pool);
  bytes out(plain.size() + 1);
  std::size_t size = 0;
  for (bytes_view input = coded; !input.empty();) {
    const auto step = reader.read(input.first(std::min(cut, input.size())), std::span(out).subspan(size));
    need(step.has_value());
    size += step->produced;
    input = input.subspan(step->consumed);
  }
  need(size <= plain.size() && size + packet_header_size > plain.size());  // half a head is kept back
  out = without_ids(std::move(out), size);
  const auto expected = without_ids(bytes(plain.begin(), plain.end()), plain.size());
  need(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size), expected.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static compression_pool pool;
  const auto algorithm = (data[0] & 1U) != 0 ? compression::zlib : compression::zstd;
  const std::size_t cut = 1 + data[1];
  const bytes_view input(data + 2, size - 2);
  read_hostile(input, algorithm, (data[0] & 2U) != 0, cut, pool);
  round_trip(input, algorithm, (data[0] & 2U) != 0, cut, pool);
  return 0;
}
