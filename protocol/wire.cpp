#include "protocol/wire.hpp"

#include <algorithm>

namespace sessiongate::protocol {

void wire_reader::fail() {
  ok_ = false;
  rest_ = {};
}

std::uint64_t wire_reader::read_int(std::size_t size) {
  if (size > rest_.size()) {
    fail();
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8U | rest_[i - 1];
  rest_ = rest_.subspan(size);
  return value;
}

std::uint8_t wire_reader::read_u8() {
  return static_cast<std::uint8_t>(read_int(1));
}
std::uint16_t wire_reader::read_u16() {
  return static_cast<std::uint16_t>(read_int(2));
}
std::uint32_t wire_reader::read_u24() {
  return static_cast<std::uint32_t>(read_int(3));
}
std::uint32_t wire_reader::read_u32() {
  return static_cast<std::uint32_t>(read_int(4));
}
std::uint64_t wire_reader::read_u64() {
  return read_int(8);
}

std::uint64_t wire_reader::read_lenenc_int() {
  const auto first = read_u8();
  switch (first) {
    case 0xFB:
    case 0xFF:
      fail();
      return 0;
    case 0xFC:
      return read_int(2);
    case 0xFD:
      return read_int(3);
    case 0xFE:
      return read_int(8);
    default:
      return first;
  }
}

std::string_view wire_reader::read_lenenc_string() {
  const auto size = read_lenenc_int();
  if (size > rest_.size()) {
    fail();
    return {};
  }
  return read_string(static_cast<std::size_t>(size));
}

std::string_view wire_reader::read_null_string() {
  if (std::find(rest_.begin(), rest_.end(), std::uint8_t{0}) == rest_.end()) {
    fail();
    return {};
  }
  return read_last_string();
}

std::string_view wire_reader::read_last_string() {
  const auto text = as_text(rest_);
  const auto size = std::min(text.find('\0'), text.size());
  rest_ = rest_.subspan(std::min(size + 1, rest_.size()));
  return text.substr(0, size);
}

std::string_view wire_reader::read_string(std::size_t size) {
  if (size > rest_.size()) {
    fail();
    return {};
  }
  const auto text = as_text(rest_.first(size));
  rest_ = rest_.subspan(size);
  return text;
}

std::string_view wire_reader::read_rest() {
  return read_string(rest_.size());
}

void wire_reader::skip(std::size_t size) {
  read_string(size);
}

void wire_writer::write_int(std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void wire_writer::write_u8(std::uint8_t value) {
  write_int(value, 1);
}
void wire_writer::write_u16(std::uint16_t value) {
  write_int(value, 2);
}
void wire_writer::write_u24(std::uint32_t value) {
  write_int(value, 3);
}
void wire_writer::write_u32(std::uint32_t value) {
  write_int(value, 4);
}
void wire_writer::write_u64(std::uint64_t value) {
  write_int(value, 8);
}

void wire_writer::write_lenenc_int(std::uint64_t value) {
  if (value < 0xFB) return write_int(value, 1);
  if (value <= 0xFFFF) {
    write_u8(0xFC);
    return write_int(value, 2);
  }
  if (value <= 0xFFFFFF) {
    write_u8(0xFD);
    return write_int(value, 3);
  }
  write_u8(0xFE);
  write_int(value, 8);
}

void wire_writer::write_lenenc_string(std::string_view text) {
  write_lenenc_int(text.size());
  write_string(text);
}

void wire_writer::write_null_string(std::string_view text) {
  write_string(text);
  write_u8(0);
}

void wire_writer::write_string(std::string_view text) {
  const auto raw = as_bytes(text);
  out_.insert(out_.end(), raw.begin(), raw.end());
}

void wire_writer::write_zeros(std::size_t count) {
  out_.insert(out_.end(), count, std::uint8_t{0});
}

}  // namespace sessiongate::protocol
