#include "test/bench/canned_replies.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/result_set_writer.hpp"
#include "protocol/status_flags.hpp"
#include "protocol/wire.hpp"

#include <charconv>
#include <string>
#include <vector>

namespace sessiongate::bench {

namespace {

constexpr std::size_t point_row_size = 119;  // bytes
constexpr std::size_t large_size = 256'000'000;
constexpr std::size_t rows_per_block = 256;

const std::vector<protocol::result_column> columns{{"c", protocol::column_type::text}};

protocol::bytes make_row(protocol::row_format format, protocol::capabilities negotiated) {
  const std::vector<protocol::result_row> rows{{std::string(point_row_size, 'x')}};
  protocol::bytes out;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(out, sequence_id, columns, rows, format, negotiated, protocol::status_autocommit);
  return out;
}

/// Where the last packet begins.
std::size_t last_packet(protocol::bytes_view packets) {
  std::size_t at = 0;
  for (;;) {
    const auto next =
        at + protocol::packet_header_size + protocol::load_packet_header(packets.data() + at).payload_length;
    if (next >= packets.size()) return at;
    at = next;
  }
}

}  // namespace

canned_replies::canned_replies(protocol::capabilities negotiated)
    : negotiated_(negotiated),
      text_row_(make_row(protocol::row_format::text, negotiated)),
      binary_row_(make_row(protocol::row_format::binary, negotiated)) {
  protocol::bytes payload;
  protocol::write_ok_packet(payload, {.status = protocol::status_autocommit, .info = {}, .state_info = {}}, negotiated);
  std::uint8_t sequence_id = 1;
  protocol::append_packet(ok_, sequence_id, payload);
}

void canned_replies::write_prepared(protocol::bytes& out, std::uint32_t statement_id,
                                    std::uint16_t parameter_count) const {
  std::uint8_t sequence_id = 1;
  protocol::write_prepare_response(out, sequence_id, statement_id, columns, parameter_count, negotiated_,
                                   protocol::status_autocommit);
}

const large_result& canned_replies::large(std::size_t row_size) {
  auto found = large_.find(row_size);
  if (found == large_.end()) found = large_.emplace(row_size, make_large(row_size)).first;
  return found->second;
}

large_result canned_replies::make_large(std::size_t row_size) const {
  protocol::bytes empty;
  std::uint8_t sequence_id = 1;
  protocol::write_result_set(empty, sequence_id, columns, {}, protocol::row_format::text, negotiated_,
                             protocol::status_autocommit);
  const auto end = empty.begin() + static_cast<std::ptrdiff_t>(last_packet(empty));
  large_result made{{empty.begin(), end}, {}, 0, {end, empty.end()}};
  protocol::bytes row;
  protocol::wire_writer(row).write_lenenc_string(std::string(row_size, 'x'));
  sequence_id = protocol::load_packet_header(made.tail.data()).sequence_id;
  for (std::size_t count = 0; count < rows_per_block; ++count) protocol::append_packet(made.block, sequence_id, row);
  made.block_count = (large_size + made.block.size() - 1) / made.block.size();
  return made;
}

std::size_t large_row_size(std::string_view sql) {
  constexpr std::string_view mark = "FROM large_";
  const auto at = sql.find(mark);
  if (at == std::string_view::npos) return 0;
  std::size_t size = 0;
  std::from_chars(sql.data() + at + mark.size(), sql.data() + sql.size(), size);
  return size <= 65536 ? size : 0;
}

}  // namespace sessiongate::bench
