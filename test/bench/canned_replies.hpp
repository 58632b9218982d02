// What the canned backend answers: built once, so that answering costs next to nothing.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

namespace sessiongate::bench {

/// About 256 MB of rows of one size. The sequence id is the same again after 256 rows, so one block of those serves for
/// all of them: head, then block_count times block, then tail.
struct large_result {
  protocol::bytes head;
  protocol::bytes block;
  std::size_t block_count = 0;
  protocol::bytes tail;
};

/// For sessions that negotiated one set of capabilities.
class canned_replies {
 public:
  explicit canned_replies(protocol::capabilities negotiated);

  /// One column, one row of 119 bytes: what sysbench's point select answers.
  [[nodiscard]] protocol::bytes_view text_row() const { return text_row_; }
  [[nodiscard]] protocol::bytes_view binary_row() const { return binary_row_; }
  [[nodiscard]] protocol::bytes_view ok() const { return ok_; }  // to a command
  [[nodiscard]] const large_result& large(std::size_t row_size);
  void write_prepared(protocol::bytes& out, std::uint32_t statement_id, std::uint16_t parameter_count) const;

 private:
  large_result make_large(std::size_t row_size) const;

  protocol::capabilities negotiated_;
  protocol::bytes text_row_;
  protocol::bytes binary_row_;
  protocol::bytes ok_;
  std::map<std::size_t, large_result> large_;  // by the size of a row, made when first asked for
};

/// "SELECT … FROM large_4096" asks for rows of 4096 bytes; zero for any other statement.
std::size_t large_row_size(std::string_view sql);

}  // namespace sessiongate::bench
