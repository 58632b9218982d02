// What the fuzz targets share. The first bytes of an input choose the negotiated capabilities, so that the fuzzer
// explores every layout; the rest is the payload.
#pragma once

#include "protocol/capabilities.hpp"
#include "protocol/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace sessiongate::fuzz {

/// Ends the process, which the fuzzer reports with the input that led here.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

struct negotiated_input {
  protocol::capabilities negotiated = 0;
  protocol::bytes_view payload;
};

/// Takes 8 bytes of capabilities off the input; an input that is shorter has none of them.
inline negotiated_input split_input(const std::uint8_t* data, std::size_t size) {
  protocol::wire_reader reader({data, size});
  if (size < 8) return {0, {data, size}};
  const auto negotiated = reader.read_u64();
  return {negotiated, protocol::as_bytes(reader.read_rest())};
}

}  // namespace sessiongate::fuzz
