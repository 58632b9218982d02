// The protocol's basic types: integers (little endian), length-encoded integers and the four kinds of string.
// Implements "Protocol Basics: Data Types" of the MySQL client/server protocol.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sessiongate::protocol {

/// A cursor over one payload. A read past the end (or of an impossible length) makes ok() false for good and gives zero
/// or an empty view from then on, so that a parser reads all its fields and asks once. Views point into the payload.
class wire_reader {
 public:
  explicit wire_reader(bytes_view payload) : rest_(payload) {}

  std::uint8_t read_u8();
  std::uint16_t read_u16();
  std::uint32_t read_u24();
  std::uint32_t read_u32();
  std::uint64_t read_u64();
  std::uint64_t read_lenenc_int();  // 0xFB (NULL) and 0xFF are no integers: ok() becomes false
  std::string_view read_lenenc_string();
  std::string_view read_null_string();  // ends at a zero byte, which is consumed and not returned
  std::string_view read_last_string();  // as read_null_string(), but the payload's end will do for the zero byte
  std::string_view read_string(std::size_t size);
  std::string_view read_rest();
  void skip(std::size_t size);
  void fail();  // for a caller that found a field impossible

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
  /// The byte that comes next, without consuming it; zero (and ok() stays) at the end.
  [[nodiscard]] std::uint8_t peek() const { return rest_.empty() ? std::uint8_t{0} : rest_.front(); }

 private:
  std::uint64_t read_int(std::size_t size);

  bytes_view rest_;
  bool ok_ = true;
};

/// Appends fields to a buffer that the caller owns.
class wire_writer {
 public:
  explicit wire_writer(bytes& out) : out_(out) {}

  void write_u8(std::uint8_t value);
  void write_u16(std::uint16_t value);
  void write_u24(std::uint32_t value);
  void write_u32(std::uint32_t value);
  void write_u64(std::uint64_t value);
  void write_lenenc_int(std::uint64_t value);
  void write_lenenc_string(std::string_view text);
  void write_null_string(std::string_view text);
  void write_string(std::string_view text);
  void write_zeros(std::size_t count);

 private:
  void write_int(std::uint64_t value, std::size_t size);

  bytes& out_;
};

}  // namespace sessiongate::protocol
