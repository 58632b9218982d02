#include "protocol/greeting.hpp"

#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {
namespace {

constexpr std::uint8_t version_10 = 10;
constexpr std::size_t nonce_head_size = 8;
constexpr std::size_t nonce_tail_size_min = 13;
constexpr std::size_t reserved_size = 10;

std::size_t nonce_tail_size(std::size_t length_byte) {
  return std::max(nonce_tail_size_min, length_byte - std::min(length_byte, nonce_head_size));
}

bool has_nonce_tail(capabilities flags) {
  return has(flags, client_secure_connection) || has(flags, client_plugin_auth);
}

capabilities read_reserved(wire_reader& reader, capabilities flags) {
  if (has(flags, client_mysql)) {
    reader.skip(reserved_size);
    return flags;
  }
  reader.skip(reserved_size - 4);
  return flags | static_cast<capabilities>(reader.read_u32()) << 32U;
}

std::string_view read_nonce_tail(wire_reader& reader, std::size_t length_byte) {
  auto tail = reader.read_string(nonce_tail_size(length_byte));
  if (!tail.empty() && tail.back() == '\0') tail.remove_suffix(1);
  return tail;
}

// Everything behind the low capabilities came with MySQL 4.1; the packet of an older server may end there.
bool is_before_41(capabilities flags) {
  return !has(flags, client_protocol_41) && !has(flags, client_secure_connection);
}

void read_since_41(wire_reader& reader, greeting& value) {
  value.collation = reader.read_u8();
  value.status = reader.read_u16();
  value.flags |= static_cast<capabilities>(reader.read_u16()) << 16U;
  const auto length_byte = reader.read_u8();
  value.flags = read_reserved(reader, value.flags);
  const bool with_plugin = has(value.flags, client_plugin_auth);
  if (has_nonce_tail(value.flags)) value.nonce += read_nonce_tail(reader, with_plugin ? length_byte : 0);
  // Servers before 5.5.10 and 5.6.2 leave out the name's terminating zero.
  if (with_plugin) value.auth_plugin = reader.read_last_string();
}

}  // namespace

result<greeting> parse_greeting(bytes_view payload) {
  if (payload.empty()) return errc::incomplete_message;
  if (payload.front() == 0xFF) return errc::malformed_field;
  if (payload.front() != version_10) return errc::unsupported_version;
  wire_reader reader(payload.subspan(1));
  greeting value;
  value.server_version = reader.read_null_string();
  value.thread_id = reader.read_u32();
  value.nonce = reader.read_string(nonce_head_size);
  reader.skip(1);
  value.flags = reader.read_u16();
  if (!reader.at_end() || !is_before_41(value.flags)) read_since_41(reader, value);
  if (!reader.ok()) return errc::incomplete_message;
  return value;
}

void write_greeting(bytes& out, const greeting& value) {
  const std::string_view nonce = value.nonce;
  const bool with_plugin = has(value.flags, client_plugin_auth);
  const auto length_byte = with_plugin ? std::min<std::size_t>(nonce.size() + 1, 0xFF) : std::size_t{0};
  wire_writer writer(out);
  writer.write_u8(version_10);
  writer.write_null_string(value.server_version);
  writer.write_u32(value.thread_id);
  writer.write_string(nonce.substr(0, nonce_head_size));
  writer.write_u8(0);
  writer.write_u16(static_cast<std::uint16_t>(value.flags));
  writer.write_u8(value.collation);
  writer.write_u16(value.status);
  writer.write_u16(static_cast<std::uint16_t>(value.flags >> 16U));
  writer.write_u8(static_cast<std::uint8_t>(length_byte));
  writer.write_zeros(reserved_size - 4);
  writer.write_u32(has(value.flags, client_mysql) ? 0 : static_cast<std::uint32_t>(value.flags >> 32U));
  if (has_nonce_tail(value.flags)) {
    const auto tail_size = nonce_tail_size(length_byte);
    const auto tail = nonce.substr(nonce_head_size, tail_size);
    writer.write_string(tail);
    writer.write_zeros(tail_size - tail.size());
  }
  if (with_plugin) writer.write_null_string(value.auth_plugin);
}

}  // namespace sessiongate::protocol
