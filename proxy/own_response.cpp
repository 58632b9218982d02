#include "proxy/own_response.hpp"

#include "protocol/wire.hpp"

#include <optional>

namespace sessiongate::proxy {

namespace {

constexpr std::uint8_t null_cell = 0xFB;
constexpr std::uint8_t columns_max = 250;  // above, the count has more than one byte

std::optional<text_row> read_row(protocol::bytes_view packet, std::size_t columns) {
  protocol::wire_reader in(packet);
  text_row row;
  for (std::size_t column = 0; column < columns; ++column) {
    const bool is_null = in.peek() == null_cell;
    if (is_null) in.skip(1);
    row.emplace_back(is_null ? std::string_view() : in.read_lenenc_string());
  }
  if (!in.ok()) return std::nullopt;
  return row;
}

}  // namespace

std::vector<text_row> read_rows(protocol::bytes_view response) {
  const auto count = take_packet(response);
  // Servers tell those that can keep a result's metadata whether it follows, in a second byte.
  const bool has_metadata = count.size() == 1 || (count.size() == 2 && count.back() == 1);
  if (!has_metadata || count.front() == 0 || count.front() > columns_max) return {};
  const std::size_t columns = count.front();
  for (std::size_t column = 0; column < columns; ++column) take_packet(response);
  std::vector<text_row> rows;
  for (auto packet = take_packet(response); !packet.empty(); packet = take_packet(response)) {
    if (packet.front() >= last_packet_header) {
      if (!rows.empty()) break;
      continue;  // the end of the definitions, for clients that get one
    }
    auto row = read_row(packet, columns);
    if (!row) break;
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace sessiongate::proxy
