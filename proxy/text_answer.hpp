// The whole answer to one statement of the proxy's own, taken apart: error, rows with NULLs, and the columns' types.
// Unlike read_rows() it takes rows of any size that fits one packet, and knows MariaDB's cached metadata.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/err_packet.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

struct text_column {
  static constexpr std::uint8_t type_double = 5;
  static constexpr std::uint8_t type_longlong = 8;
  static constexpr std::uint8_t type_decimal = 246;
  static constexpr std::uint8_t type_first_text = 249;  // with blobs; to 254
  static constexpr std::uint8_t type_last_text = 254;
  static constexpr std::uint16_t flag_unsigned = 0x20;

  std::uint16_t collation = 0;  // its number
  std::uint32_t length = 0;     // bytes, at most
  std::uint8_t type = 0;        // enum_field_types
  std::uint16_t flags = 0;
};

using nullable_text = std::optional<std::string>;

/// Of a cell; zero for what is none.
std::uint64_t to_number(const nullable_text& cell);

struct text_answer {
  std::optional<protocol::server_error> error;
  std::vector<text_column> columns;
  std::vector<std::vector<nullable_text>> rows;
  bool malformed = false;  // what is there stops in the middle
};

/// `packets`: from the first packet behind the statement to the last, with their headers. Binary rows: of texts alone.
text_answer read_answer(protocol::bytes_view packets, protocol::capabilities negotiated,
                        protocol::row_format rows = protocol::row_format::text);

}  // namespace sessiongate::proxy
