#include "protocol/ok_packet.hpp"

#include "protocol/wire.hpp"

namespace sessiongate::protocol {
namespace {

std::string_view read_only_info(wire_reader& reader) {
  const auto rest = reader.read_rest();
  wire_reader counted(as_bytes(rest));
  const auto info = counted.read_lenenc_string();
  return counted.ok() && counted.at_end() ? info : rest;
}

}  // namespace

result<ok_packet> parse_ok_packet(bytes_view payload, capabilities negotiated) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  const auto header = reader.read_u8();
  if (header != ok_header && header != eof_header) return errc::malformed_field;
  ok_packet value;
  value.affected_rows = reader.read_lenenc_int();
  value.last_insert_id = reader.read_lenenc_int();
  value.status = reader.read_u16();
  value.warnings = reader.read_u16();
  if (!reader.ok()) return errc::incomplete_message;
  if (reader.at_end()) return value;
  if (!has(negotiated, client_session_track)) {
    value.info = read_only_info(reader);
    return value;
  }
  value.info = reader.read_lenenc_string();
  if ((value.status & status_session_state_changed) != 0) value.state_info = reader.read_lenenc_string();
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

void write_ok_packet(bytes& out, const ok_packet& value, capabilities negotiated, std::uint8_t header) {
  const bool tracked = has(negotiated, client_session_track);
  auto status = value.status;
  if (tracked && !value.state_info.empty()) status |= status_session_state_changed;
  const bool with_state = tracked && (status & status_session_state_changed) != 0;
  wire_writer writer(out);
  writer.write_u8(header);
  writer.write_lenenc_int(value.affected_rows);
  writer.write_lenenc_int(value.last_insert_id);
  writer.write_u16(status);
  writer.write_u16(value.warnings);
  if (with_state || !value.info.empty()) writer.write_lenenc_string(value.info);
  if (with_state) writer.write_lenenc_string(value.state_info);
}

result<eof_packet> parse_eof_packet(bytes_view payload) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (reader.read_u8() != eof_header) return errc::malformed_field;
  eof_packet value;
  value.warnings = reader.read_u16();
  value.status = reader.read_u16();
  if (!reader.ok()) return errc::incomplete_message;
  if (!reader.at_end()) return errc::extra_bytes;
  return value;
}

void write_eof_packet(bytes& out, const eof_packet& value) {
  wire_writer writer(out);
  writer.write_u8(eof_header);
  writer.write_u16(value.warnings);
  writer.write_u16(value.status);
}

}  // namespace sessiongate::protocol
