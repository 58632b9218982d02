#include "proxy/server_variables.hpp"

#include "proxy/own_response.hpp"

#include "protocol/wire.hpp"

#include <limits>
#include <utility>

namespace sessiongate::proxy {

session::tracked_snapshot read_server_variables(protocol::bytes_view response) {
  constexpr int columns = 2;
  const auto count = take_packet(response);
  if (count.empty() || count.front() != columns) return nullptr;
  for (int column = 0; column < columns; ++column) take_packet(response);
  auto read = std::make_shared<session::tracked_variables>();
  for (auto packet = take_packet(response); !packet.empty(); packet = take_packet(response)) {
    if (packet.front() >= last_packet_header) {
      if (!read->system.empty()) return read;
      continue;  // the end of the definitions, for clients that get one
    }
    protocol::wire_reader row(packet);
    auto name = row.read_lenenc_string();
    auto value = row.read_lenenc_string();
    if (!row.ok()) return nullptr;
    session::put_variable(read->system, {.name = std::string(name), .value = std::string(value), .changed = false},
                          std::numeric_limits<std::size_t>::max());
  }
  return nullptr;
}

}  // namespace sessiongate::proxy
