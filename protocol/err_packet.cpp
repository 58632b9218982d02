#include "protocol/err_packet.hpp"

#include "protocol/wire.hpp"

namespace sessiongate::protocol {
namespace {

constexpr char sqlstate_marker = '#';
constexpr std::size_t sqlstate_size = 5;

}  // namespace

result<server_error> parse_err_packet(bytes_view payload) {
  if (payload.empty()) return errc::incomplete_message;
  wire_reader reader(payload);
  if (reader.read_u8() != err_header) return errc::malformed_field;
  server_error value;
  value.code = reader.read_u16();
  if (reader.peek() == sqlstate_marker) {
    reader.skip(1);
    value.sqlstate = reader.read_string(sqlstate_size);
  }
  value.message = reader.read_rest();
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

void write_err_packet(bytes& out, const server_error& value) {
  wire_writer writer(out);
  writer.write_u8(err_header);
  writer.write_u16(value.code);
  if (!value.sqlstate.empty()) {
    writer.write_u8(sqlstate_marker);
    writer.write_string(value.sqlstate.size() == sqlstate_size ? std::string_view(value.sqlstate) : "HY000");
  }
  writer.write_string(value.message);
}

}  // namespace sessiongate::protocol
