// What a server answers, as the bytes that it sends: for peers that a test plays itself.
#pragma once

#include "protocol/err_packet.hpp"
#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/result_set_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessiongate::proxy::test {

/// As one packet. The answer to a command has the number 1.
inline std::string packet_of(protocol::bytes_view payload, std::uint8_t sequence_id = 1) {
  protocol::bytes packet;
  protocol::append_packet(packet, sequence_id, payload);
  return std::string(protocol::as_text(packet));
}

inline std::string packet(std::uint8_t sequence_id, std::string_view payload) {
  return packet_of(protocol::as_bytes(payload), sequence_id);
}

inline std::string ok_answer(protocol::status_flags status = protocol::status_autocommit,
                             std::uint8_t sequence_id = 1) {
  protocol::ok_packet ok;
  ok.status = status;
  protocol::bytes payload;
  protocol::write_ok_packet(payload, ok, protocol::client_protocol_41);
  return packet_of(payload, sequence_id);
}

inline std::string error_answer(std::uint16_t code, std::string_view message, std::uint8_t sequence_id = 1) {
  protocol::bytes payload;
  protocol::write_err_packet(payload, {code, "HY000", std::string(message)});
  return packet_of(payload, sequence_id);
}

using answer_rows = std::vector<std::vector<std::string>>;

/// All columns are texts; what they are called is nobody's business.
inline std::string rows_answer(std::size_t columns, const answer_rows& rows,
                               protocol::status_flags status = protocol::status_autocommit) {
  const std::vector<protocol::result_column> named(columns, {"c"});
  protocol::bytes packets;
  std::uint8_t sequence_id = 1;
  protocol::result_set_writer out(packets, sequence_id, named, protocol::row_format::text, protocol::client_protocol_41,
                                  status);
  for (const auto& each : rows) out.add({each.begin(), each.end()});
  out.finish();
  return std::string(protocol::as_text(packets));
}

}  // namespace sessiongate::proxy::test
