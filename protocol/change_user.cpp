#include "protocol/change_user.hpp"

#include "protocol/command.hpp"
#include "protocol/wire.hpp"

namespace sessiongate::protocol {
namespace {

constexpr std::size_t auth_size_max = 0xFF;

}  // namespace

result<change_user> parse_change_user(bytes_view payload, capabilities negotiated) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (static_cast<command>(reader.read_u8()) != command::change_user) return errc::malformed_field;
  change_user value;
  value.user = reader.read_null_string();
  const bool counted = has(negotiated, client_secure_connection);
  value.auth_response = counted ? reader.read_string(reader.read_u8()) : reader.read_null_string();
  // Servers want at least the zero byte of an empty database name, yet not the one behind a name.
  if (reader.at_end()) return errc::incomplete_message;
  value.database = reader.read_last_string();
  if (!reader.at_end()) value.collation = reader.read_u16();
  if (has(negotiated, client_plugin_auth)) value.auth_plugin = reader.read_last_string();
  if (has(negotiated, client_connect_attrs) && !reader.at_end()) value.attributes = read_connect_attributes(reader);
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

void write_change_user(bytes& out, const change_user& value, capabilities negotiated) {
  wire_writer writer(out);
  writer.write_u8(static_cast<std::uint8_t>(command::change_user));
  writer.write_null_string(value.user);
  if (has(negotiated, client_secure_connection)) {
    const auto auth = std::string_view(value.auth_response).substr(0, auth_size_max);
    writer.write_u8(static_cast<std::uint8_t>(auth.size()));
    writer.write_string(auth);
  } else {
    writer.write_null_string(value.auth_response);
  }
  writer.write_null_string(value.database);
  writer.write_u16(value.collation);
  if (has(negotiated, client_plugin_auth)) writer.write_null_string(value.auth_plugin);
  if (has(negotiated, client_connect_attrs)) write_connect_attributes(writer, value.attributes);
}

}  // namespace sessiongate::protocol
