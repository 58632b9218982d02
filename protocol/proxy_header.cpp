#include "protocol/proxy_header.hpp"

#include "protocol/proxy_header_text.hpp"
#include "protocol/wire.hpp"

#include <algorithm>
#include <string_view>

namespace sessiongate::protocol {
namespace {

using namespace std::string_view_literals;
using kind = proxy_header_scan::kind;

constexpr auto text_signature = "PROXY"sv;
constexpr auto binary_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t text_size_max = 107;  // with its line end
constexpr std::size_t binary_fixed_size = 16;
constexpr std::uint8_t version_2 = 0x20;
constexpr std::uint8_t command_local = 0;
constexpr std::uint8_t command_proxy = 1;
constexpr std::uint8_t tlv_crc32c = 0x03;
constexpr std::size_t tlv_head_size = 3;

enum family : std::uint8_t { unspecified = 0x00, tcp4 = 0x11, tcp6 = 0x21, unix_stream = 0x31 };

/// Network order, unlike everything in the MySQL protocol.
std::uint16_t load_port(bytes_view from) {
  return static_cast<std::uint16_t>(from[0] << 8U | from[1]);
}

void append_port(bytes& out, std::uint16_t port) {
  out.push_back(static_cast<std::uint8_t>(port >> 8U));
  out.push_back(static_cast<std::uint8_t>(port));
}

std::size_t address_size(bool v6) {
  return v6 ? 16 : 4;
}

std::uint32_t crc32c(bytes_view of, std::size_t zeros_at) {
  constexpr std::uint32_t reflected_polynomial = 0x82F63B78;
  std::uint32_t sum = 0xFFFFFFFF;
  for (std::size_t at = 0; at < of.size(); ++at) {
    sum ^= at >= zeros_at && at < zeros_at + 4 ? 0U : of[at];
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1U ^ ((sum & 1U) != 0 ? reflected_polynomial : 0U);
  }
  return ~sum;
}

/// The extensions behind the addresses have to fill the header exactly, and a checksum among them has to be right.
bool extensions_are_good(bytes_view whole, std::size_t at) {
  while (at < whole.size()) {
    if (whole.size() - at < tlv_head_size) return false;
    const std::size_t size = load_port(whole.subspan(at + 1));
    const auto value = at + tlv_head_size;
    if (whole.size() - value < size) return false;
    if (whole[at] == tlv_crc32c) {
      if (size != 4) return false;
      const auto told = std::uint32_t{load_port(whole.subspan(value))} << 16U | load_port(whole.subspan(value + 2));
      if (told != crc32c(whole, value)) return false;
    }
    at = value + size;
  }
  return true;
}

proxy_header_scan complete(std::size_t size, proxy_header header) {
  return {kind::complete, size, header};
}

ip_endpoint read_endpoint(bytes_view address, bytes_view port, bool v6) {
  ip_endpoint value{.v6 = v6, .address = {}, .port = load_port(port)};
  std::copy_n(address.begin(), address_size(v6), value.address.begin());
  return value;
}

proxy_header_scan scan_binary(bytes_view input) {
  if (input.size() < binary_fixed_size) return {kind::need_more, 0, {}};
  const auto command = static_cast<std::uint8_t>(input[12] & 0x0FU);
  if ((input[12] & 0xF0U) != version_2 || command > command_proxy) return {kind::malformed, 0, {}};
  const std::size_t size = binary_fixed_size + load_port(input.subspan(14));
  if (input.size() < size) return {kind::need_more, 0, {}};
  const auto whole = input.first(size);
  if (command == command_local) return complete(size, {});
  const auto body = whole.subspan(binary_fixed_size);
  std::size_t addresses_size = 0;
  proxy_header header;
  switch (input[13]) {
    case unspecified:
      break;
    case tcp4:
    case tcp6: {
      header.has_addresses = true;
      const bool v6 = input[13] == tcp6;
      const auto each = address_size(v6);
      addresses_size = 2 * each + 4;
      if (body.size() < addresses_size) return {kind::malformed, 0, {}};
      header.source = read_endpoint(body, body.subspan(2 * each), v6);
      header.destination = read_endpoint(body.subspan(each), body.subspan(2 * each + 2), v6);
      break;
    }
    case unix_stream:
      addresses_size = 216;
      break;
    default:
      return {kind::malformed, 0, {}};
  }
  if (body.size() < addresses_size || !extensions_are_good(whole, binary_fixed_size + addresses_size)) {
    return {kind::malformed, 0, {}};
  }
  return complete(size, header);
}

proxy_header_scan scan_text(bytes_view input) {
  const auto text = as_text(input.first(std::min(input.size(), text_size_max)));
  const auto end = text.find_first_of("\r\n\0"sv);
  if (end == std::string_view::npos || end + 1 == text.size()) {
    const bool may_go_on = text.size() < text_size_max && (end == std::string_view::npos || text[end] == '\r');
    return {may_go_on ? kind::need_more : kind::malformed, 0, {}};
  }
  const auto header = text.substr(end, 2) == "\r\n"sv ? parse_proxy_line(text.substr(0, end)) : std::nullopt;
  if (!header) return {kind::malformed, 0, {}};
  return complete(end + 2, *header);
}

bool may_begin_with(std::string_view text, std::string_view signature) {
  const auto size = std::min(text.size(), signature.size());
  return text.substr(0, size) == signature.substr(0, size);
}

void write_binary(bytes& out, const proxy_header& value) {
  wire_writer writer(out);
  writer.write_string(binary_signature);
  if (!value.has_addresses) {
    writer.write_u8(version_2 | command_local);
    writer.write_u8(unspecified);
    return append_port(out, 0);
  }
  const auto each = address_size(value.source.v6);
  writer.write_u8(version_2 | command_proxy);
  writer.write_u8(value.source.v6 ? tcp6 : tcp4);
  append_port(out, static_cast<std::uint16_t>(2 * each + 4));
  for (const auto* end : {&value.source, &value.destination}) {
    out.insert(out.end(), end->address.begin(), end->address.begin() + static_cast<std::ptrdiff_t>(each));
  }
  append_port(out, value.source.port);
  append_port(out, value.destination.port);
}

}  // namespace

proxy_header_scan scan_proxy_header(bytes_view input) {
  const auto text = as_text(input);
  if (may_begin_with(text, binary_signature)) {
    if (text.size() < binary_signature.size()) return {kind::need_more, 0, {}};
    return scan_binary(input);
  }
  if (!may_begin_with(text, text_signature)) return {kind::absent, 0, {}};
  if (text.size() < text_signature.size()) return {kind::need_more, 0, {}};
  return scan_text(input);
}

void write_proxy_header(bytes& out, proxy_header_form form, const proxy_header& value) {
  if (form == proxy_header_form::v2) return write_binary(out, value);
  const auto line = format_proxy_line(value);
  out.insert(out.end(), line.begin(), line.end());
  out.insert(out.end(), {'\r', '\n'});
}

}  // namespace sessiongate::protocol
