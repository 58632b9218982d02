#include "protocol/connect_attributes.hpp"

namespace sessiongate::protocol {

connect_attributes read_connect_attributes(wire_reader& reader) {
  connect_attributes attributes;
  wire_reader block(as_bytes(reader.read_lenenc_string()));
  while (!block.at_end()) {
    const auto name = block.read_lenenc_string();
    const auto value = block.read_lenenc_string();
    if (block.ok()) attributes.emplace_back(name, value);
  }
  return attributes;
}

void write_connect_attributes(wire_writer& writer, const connect_attributes& attributes) {
  bytes block;
  wire_writer pairs(block);
  for (const auto& [name, value] : attributes) {
    pairs.write_lenenc_string(name);
    pairs.write_lenenc_string(value);
  }
  writer.write_lenenc_string(as_text(block));
}

}  // namespace sessiongate::protocol
