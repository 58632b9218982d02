#include "proxy/own_command.hpp"

#include "protocol/command.hpp"
#include "protocol/wire.hpp"

namespace sessiongate::proxy {

using protocol::command;
using protocol::wire_writer;

namespace {

protocol::bytes begin(command type) {
  return {static_cast<std::uint8_t>(type)};
}

}  // namespace

protocol::bytes own_query(std::string_view text, protocol::capabilities negotiated) {
  auto payload = begin(command::query);
  wire_writer out(payload);
  if (protocol::has(negotiated, protocol::client_query_attributes)) out.write_u16(0x0100);  // none, in one set
  out.write_string(text);
  return payload;
}

protocol::bytes own_prepare(std::string_view text) {
  auto payload = begin(command::stmt_prepare);
  wire_writer(payload).write_string(text);
  return payload;
}

protocol::bytes own_execute(std::uint32_t statement_id, std::string_view parameter, protocol::capabilities negotiated) {
  constexpr std::uint8_t parameter_count_available = 8;
  constexpr std::uint8_t var_string = 0xFD;
  const bool counts = protocol::has(negotiated, protocol::client_query_attributes);
  auto payload = begin(command::stmt_execute);
  wire_writer out(payload);
  out.write_u32(statement_id);
  out.write_u8(counts ? parameter_count_available : 0);
  out.write_u32(1);  // iterations
  if (counts) out.write_lenenc_int(1);
  out.write_u8(0);  // no NULL
  out.write_u8(1);  // types follow
  out.write_u16(var_string);
  if (counts) out.write_lenenc_string({});  // its name
  out.write_lenenc_string(parameter);
  return payload;
}

protocol::bytes own_close(std::uint32_t statement_id) {
  auto payload = begin(command::stmt_close);
  wire_writer(payload).write_u32(statement_id);
  return payload;
}

}  // namespace sessiongate::proxy
