#include "protocol/auth_packets.hpp"

#include "protocol/wire.hpp"

namespace sessiongate::protocol {
namespace {

result<auth_switch_request> parse_plugin_request(bytes_view payload, std::uint8_t header) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (reader.read_u8() != header) return errc::malformed_field;
  auth_switch_request value;
  if (reader.at_end()) return value;
  value.plugin = reader.read_null_string();
  value.data = reader.read_rest();
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

}  // namespace

result<auth_switch_request> parse_auth_switch_request(bytes_view payload) {
  return parse_plugin_request(payload, auth_switch_header);
}

result<auth_switch_request> parse_auth_next_factor(bytes_view payload) {
  return parse_plugin_request(payload, auth_next_factor_header);
}

void write_auth_switch_request(bytes& out, const auth_switch_request& value) {
  wire_writer writer(out);
  writer.write_u8(auth_switch_header);
  if (value.plugin.empty() && value.data.empty()) return;
  writer.write_null_string(value.plugin);
  writer.write_string(value.data);
}

result<std::string> parse_auth_more_data(bytes_view payload) {
  if (payload.empty()) return errc::incomplete_message;
  if (payload.front() != auth_more_data_header) return errc::malformed_field;
  return std::string(as_text(payload.subspan(1)));
}

void write_auth_more_data(bytes& out, std::string_view data) {
  wire_writer writer(out);
  writer.write_u8(auth_more_data_header);
  writer.write_string(data);
}

}  // namespace sessiongate::protocol
