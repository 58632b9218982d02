#include "protocol/handshake_response.hpp"

#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {
namespace {

constexpr std::size_t fixed_part_size =
    32;  // flags, packet size, collation and 23 reserved bytes: all of an SSLRequest
constexpr std::size_t reserved_size = 23;
constexpr std::size_t short_auth_size_max = 0xFF;

capabilities read_flags(wire_reader reader) {
  const capabilities low = reader.read_u32();
  reader.skip(fixed_part_size - 8);
  const capabilities high = reader.read_u32();
  return has(low, client_mysql) ? low : low | high << 32U;
}

std::string_view read_auth_response(wire_reader& reader, capabilities flags) {
  if (has(flags, client_plugin_auth_lenenc_data)) return reader.read_lenenc_string();
  if (has(flags, client_secure_connection)) return reader.read_string(reader.read_u8());
  return reader.read_null_string();
}

void write_auth_response(wire_writer& writer, std::string_view data, capabilities flags) {
  if (has(flags, client_plugin_auth_lenenc_data)) return writer.write_lenenc_string(data);
  if (!has(flags, client_secure_connection)) return writer.write_null_string(data);
  data = data.substr(0, short_auth_size_max);
  writer.write_u8(static_cast<std::uint8_t>(data.size()));
  writer.write_string(data);
}

void write_fixed_part(wire_writer& writer, const handshake_response& value) {
  writer.write_u32(static_cast<std::uint32_t>(value.flags));
  writer.write_u32(value.packet_size_max);
  writer.write_u8(value.collation);
  writer.write_zeros(reserved_size - 4);
  writer.write_u32(has(value.flags, client_mysql) ? 0 : static_cast<std::uint32_t>(value.flags >> 32U));
}

}  // namespace

bool is_ssl_request(bytes_view payload) {
  return payload.size() == fixed_part_size && has(read_flags(wire_reader(payload)), client_ssl);
}

result<capabilities> parse_client_flags(bytes_view payload) {
  if (payload.size() < 2) return errc::incomplete_message;
  // Clients before 4.1 send two bytes of flags; the bit that tells is in these two.
  if (!has(wire_reader(payload).read_u16(), client_protocol_41)) return errc::unsupported_client;
  if (payload.size() < fixed_part_size) return errc::incomplete_message;
  return read_flags(wire_reader(payload));
}

result<handshake_response> parse_handshake_response(bytes_view payload) {
  const auto flags = parse_client_flags(payload);
  if (!flags) return flags.error();
  handshake_response value;
  value.flags = *flags;
  wire_reader reader(payload.subspan(4));
  value.packet_size_max = reader.read_u32();
  value.collation = reader.read_u8();
  reader.skip(reserved_size);
  value.user = reader.read_null_string();
  value.auth_response = read_auth_response(reader, *flags);
  if (has(*flags, client_connect_with_db)) value.database = reader.read_last_string();
  if (has(*flags, client_plugin_auth)) value.auth_plugin = reader.read_last_string();
  if (has(*flags, client_connect_attrs) && !reader.at_end()) value.attributes = read_connect_attributes(reader);
  if (has(*flags, client_zstd_compression) && !reader.at_end()) value.zstd_level = reader.read_u8();
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

void write_ssl_request(bytes& out, const handshake_response& value) {
  wire_writer writer(out);
  write_fixed_part(writer, value);
}

void write_handshake_response(bytes& out, const handshake_response& value) {
  wire_writer writer(out);
  write_fixed_part(writer, value);
  writer.write_null_string(value.user);
  write_auth_response(writer, value.auth_response, value.flags);
  if (has(value.flags, client_connect_with_db)) writer.write_null_string(value.database);
  if (has(value.flags, client_plugin_auth)) writer.write_null_string(value.auth_plugin);
  if (has(value.flags, client_connect_attrs)) write_connect_attributes(writer, value.attributes);
  if (has(value.flags, client_zstd_compression)) writer.write_u8(value.zstd_level);
}

}  // namespace sessiongate::protocol
