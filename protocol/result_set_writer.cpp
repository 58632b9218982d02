#include "protocol/result_set_writer.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/packet.hpp"
#include "protocol/wire.hpp"

#include <boost/assert.hpp>

namespace sessiongate::protocol {
namespace {

constexpr std::uint8_t type_longlong = 8;
constexpr std::uint8_t type_var_string = 253;
constexpr std::uint16_t collation_utf8mb4 = 45;
constexpr std::uint16_t collation_binary = 63;
constexpr std::uint16_t unsigned_flag = 0x0020;
constexpr std::uint16_t binary_flag = 0x0080;
constexpr std::uint32_t integer_width = 20;      // digits of the largest, or 19 and a sign
constexpr std::uint32_t text_width = 1024 * 4;   // bytes; advice to clients that lay out columns before they see rows
constexpr std::uint8_t decimals_unknown = 0x1F;  // what servers say for text
constexpr std::uint8_t fixed_fields_size = 0x0C;
constexpr std::uint8_t metadata_follows = 1;
constexpr std::uint8_t text_null = 0xFB;
constexpr std::size_t binary_null_offset = 2;

struct packet_sink {
  bytes& out;
  std::uint8_t& sequence_id;

  void append(const bytes& payload) const { append_packet(out, sequence_id, payload); }
};

void append_definition(const packet_sink& sink, const result_column& column, capabilities negotiated) {
  const bool is_text = column.type == column_type::text;
  const bool is_unsigned = column.type == column_type::unsigned_integer;
  bytes payload;
  wire_writer writer(payload);
  writer.write_lenenc_string("def");
  for (int i = 0; i < 3; ++i) writer.write_lenenc_string("");  // schema, table, original table
  writer.write_lenenc_string(column.name);
  writer.write_lenenc_string("");  // original name
  if (has(negotiated, mariadb_extended_metadata)) writer.write_lenenc_string("");
  writer.write_u8(fixed_fields_size);
  writer.write_u16(is_text ? collation_utf8mb4 : collation_binary);
  writer.write_u32(is_text ? text_width : integer_width);
  writer.write_u8(is_text ? type_var_string : type_longlong);
  const std::uint16_t integer_flags = is_unsigned ? binary_flag | unsigned_flag : binary_flag;
  writer.write_u16(is_text ? std::uint16_t{0} : integer_flags);
  writer.write_u8(is_text ? decimals_unknown : std::uint8_t{0});
  writer.write_zeros(2);
  sink.append(payload);
}

void append_eof(const packet_sink& sink, status_flags status) {
  bytes payload;
  write_eof_packet(payload, {0, status});
  sink.append(payload);
}

void append_definitions(const packet_sink& sink, std::span<const result_column> columns, capabilities negotiated,
                        status_flags status) {
  for (const auto& column : columns) append_definition(sink, column, negotiated);
  if (!columns.empty() && !has(negotiated, client_deprecate_eof)) append_eof(sink, status);
}

void append_column_count(const packet_sink& sink, std::size_t count, capabilities negotiated) {
  bytes payload;
  wire_writer writer(payload);
  writer.write_lenenc_int(count);
  // Behind the count in both: so MySQL's server and client have it, though MySQL's documentation puts it in front.
  const bool flagged = has(negotiated, client_optional_resultset_metadata) || has(negotiated, mariadb_cache_metadata);
  if (flagged) writer.write_u8(metadata_follows);
  sink.append(payload);
}

void write_text_cell(wire_writer& writer, const result_cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return writer.write_lenenc_string(*text);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return writer.write_lenenc_string(std::to_string(*number));
  if (const auto* number = std::get_if<std::uint64_t>(&cell))
    return writer.write_lenenc_string(std::to_string(*number));
  writer.write_u8(text_null);
}

void write_binary_cell(wire_writer& writer, const result_cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return writer.write_lenenc_string(*text);
  if (const auto* number = std::get_if<std::int64_t>(&cell))
    return writer.write_u64(static_cast<std::uint64_t>(*number));
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) writer.write_u64(*number);
}

bytes null_bitmap(const result_row& row) {
  bytes bitmap((row.size() + binary_null_offset + 7) / 8);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto bit = i + binary_null_offset;
    const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
    if (std::holds_alternative<std::monostate>(row[i])) bitmap[bit / 8] |= mask;
  }
  return bitmap;
}

[[maybe_unused]] bool fits(const result_cell& cell, column_type type) {
  return std::holds_alternative<std::monostate>(cell) ||
         std::holds_alternative<std::string>(cell) == (type == column_type::text);
}

void append_row(const packet_sink& sink, const result_row& row, row_format format) {
  bytes payload;
  wire_writer writer(payload);
  if (format == row_format::binary) {
    writer.write_u8(0);
    writer.write_string(as_text(null_bitmap(row)));
  }
  for (const auto& cell : row) {
    if (format == row_format::text) {
      write_text_cell(writer, cell);
    } else {
      write_binary_cell(writer, cell);
    }
  }
  sink.append(payload);
}

void append_end_of_rows(const packet_sink& sink, capabilities negotiated, status_flags status) {
  if (!has(negotiated, client_deprecate_eof)) return append_eof(sink, status);
  ok_packet end;
  end.status = status;
  bytes payload;
  write_ok_packet(payload, end, negotiated, eof_header);
  sink.append(payload);
}

}  // namespace

result_set_writer::result_set_writer(bytes& out, std::uint8_t& sequence_id, std::span<const result_column> columns,
                                     row_format format, capabilities negotiated, status_flags status)
    : out_(out),
      sequence_id_(sequence_id),
      columns_(columns),
      format_(format),
      negotiated_(negotiated),
      status_(status) {
  BOOST_ASSERT(!columns.empty());
  const packet_sink sink{out_, sequence_id_};
  append_column_count(sink, columns.size(), negotiated);
  append_definitions(sink, columns, negotiated, status);
}

void result_set_writer::add(const result_row& row) {
  BOOST_ASSERT(row.size() == columns_.size());
  for (std::size_t i = 0; i < row.size(); ++i) BOOST_ASSERT(fits(row[i], columns_[i].type));
  append_row({out_, sequence_id_}, row, format_);
}

void result_set_writer::finish() {
  append_end_of_rows({out_, sequence_id_}, negotiated_, status_);
}

void write_result_set(bytes& out, std::uint8_t& sequence_id, std::span<const result_column> columns,
                      std::span<const result_row> rows, row_format format, capabilities negotiated,
                      status_flags status) {
  result_set_writer writer(out, sequence_id, columns, format, negotiated, status);
  for (const auto& row : rows) writer.add(row);
  writer.finish();
}

void write_prepare_response(bytes& out, std::uint8_t& sequence_id, std::uint32_t statement_id,
                            std::span<const result_column> columns, std::uint16_t parameter_count,
                            capabilities negotiated, status_flags status) {
  const packet_sink sink{out, sequence_id};
  bytes payload;
  wire_writer writer(payload);
  writer.write_u8(ok_header);
  writer.write_u32(statement_id);
  writer.write_u16(static_cast<std::uint16_t>(columns.size()));
  writer.write_u16(parameter_count);
  writer.write_u8(0);
  writer.write_u16(0);  // warnings
  if (has(negotiated, client_optional_resultset_metadata)) writer.write_u8(metadata_follows);
  sink.append(payload);
  const std::vector<result_column> parameters(parameter_count, result_column{"?", column_type::text});
  append_definitions(sink, parameters, negotiated, status);
  append_definitions(sink, columns, negotiated, status);
}

}  // namespace sessiongate::protocol
