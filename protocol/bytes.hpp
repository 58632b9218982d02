// Raw bytes as the protocol sees them. Views never own; a view is valid as long as the buffer it was cut from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sessiongate::protocol {

using bytes = std::vector<std::uint8_t>;
using bytes_view = std::span<const std::uint8_t>;

inline std::string_view as_text(bytes_view raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

inline bytes_view as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace sessiongate::protocol
