#include "proxy/text_answer.hpp"

#include "proxy/own_response.hpp"

#include "protocol/ok_packet.hpp"
#include "protocol/wire.hpp"

#include <charconv>
#include <utility>

namespace sessiongate::proxy {

namespace {

constexpr std::uint8_t null_cell = 0xFB;
constexpr std::uint64_t columns_max = 4096;    // the servers' own limit
constexpr std::size_t eof_size_max = 8;        // bytes of payload; what is longer and starts like it is an OK or a row
constexpr std::size_t fixed_fields_size = 13;  // at the end of a column's definition, the byte with their size included

class answer_reader {
 public:
  answer_reader(protocol::bytes_view packets, protocol::capabilities negotiated, protocol::row_format format)
      : rest_(packets), negotiated_(negotiated), format_(format) {}

  text_answer read() {
    const auto first = take_packet(rest_);
    if (first.empty()) {
      answer_.malformed = true;
    } else if (protocol::is_err_packet(first)) {
      read_error(first);
    } else if (first.front() != protocol::ok_header) {
      read_result_set(first);
    }
    return std::move(answer_);
  }

 private:
  void read_error(protocol::bytes_view packet) {
    if (auto error = protocol::parse_err_packet(packet))
      answer_.error = std::move(*error);
    else
      answer_.malformed = true;
  }

  void read_result_set(protocol::bytes_view head) {
    protocol::wire_reader in(head);
    const auto count = in.read_lenenc_int();
    const bool defined = in.at_end() || in.read_u8() != 0;  // cached, or not wanted
    if (!in.ok() || count == 0 || count > columns_max) {
      answer_.malformed = true;
      return;
    }
    if (defined) read_columns(static_cast<std::size_t>(count));
    if (!protocol::has(negotiated_, protocol::client_deprecate_eof)) take_packet(rest_);
    while (!answer_.malformed && !read_row(static_cast<std::size_t>(count))) {
    }
  }

  void read_columns(std::size_t count) {
    for (std::size_t column = 0; column < count && !answer_.malformed; ++column) {
      const auto packet = take_packet(rest_);
      answer_.malformed = packet.size() < fixed_fields_size;
      if (answer_.malformed) return;
      protocol::wire_reader fixed(packet.last(fixed_fields_size));
      text_column read;
      fixed.skip(1);  // their size
      read.collation = fixed.read_u16();
      read.length = fixed.read_u32();
      read.type = fixed.read_u8();
      read.flags = fixed.read_u16();
      answer_.columns.push_back(read);
    }
  }

  /// True at the end.
  bool read_row(std::size_t columns) {
    const auto packet = take_packet(rest_);
    answer_.malformed = packet.empty() || packet.size() == protocol::packet_payload_max;
    if (answer_.malformed) return true;
    if (protocol::is_err_packet(packet)) {
      read_error(packet);
      return true;
    }
    const bool deprecate = protocol::has(negotiated_, protocol::client_deprecate_eof);
    if (packet.front() == protocol::eof_header && (deprecate || packet.size() <= eof_size_max)) return true;
    protocol::wire_reader in(packet);
    if (format_ == protocol::row_format::text)
      read_text_row(in, columns);
    else
      read_binary_row(in, columns);
    answer_.malformed = !in.ok();
    return false;
  }

  void read_text_row(protocol::wire_reader& in, std::size_t columns) {
    auto& row = answer_.rows.emplace_back();
    for (std::size_t column = 0; column < columns; ++column) {
      const bool is_null = in.peek() == null_cell && !in.at_end();
      if (is_null) in.skip(1);
      row.push_back(is_null ? nullable_text() : nullable_text(in.read_lenenc_string()));
    }
  }

  void read_binary_row(protocol::wire_reader& in, std::size_t columns) {
    constexpr std::size_t bits_before = 2;  // of the map of NULLs: reserved
    in.skip(1);
    const auto nulls = protocol::as_bytes(in.read_string((columns + bits_before + 7) / 8));
    auto& row = answer_.rows.emplace_back();
    for (std::size_t bit = bits_before; in.ok() && bit < columns + bits_before; ++bit) {
      const bool is_null = (nulls[bit / 8] >> (bit % 8) & 1U) != 0;
      row.push_back(is_null ? nullable_text() : nullable_text(in.read_lenenc_string()));
    }
  }

  protocol::bytes_view rest_;
  protocol::capabilities negotiated_;
  protocol::row_format format_;
  text_answer answer_;
};

}  // namespace

std::uint64_t to_number(const nullable_text& cell) {
  std::uint64_t value = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

text_answer read_answer(protocol::bytes_view packets, protocol::capabilities negotiated, protocol::row_format rows) {
  return answer_reader(packets, negotiated, rows).read();
}

}  // namespace sessiongate::proxy
