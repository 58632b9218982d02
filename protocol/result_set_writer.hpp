// Result sets that the proxy answers itself, as text rows (COM_QUERY) or as binary rows (COM_STMT_EXECUTE):
// "Protocol::ColumnDefinition41", "Text Resultset Row", "Binary Protocol Resultset Row". All text is utf8mb4.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/status_flags.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sessiongate::protocol {

enum class column_type : std::uint8_t { signed_integer, unsigned_integer, text };

struct result_column {
  std::string name;
  column_type type = column_type::text;
};

/// One value; monostate is NULL. The alternative has to fit the column's type.
using result_cell = std::variant<std::monostate, std::int64_t, std::uint64_t, std::string>;
using result_row = std::vector<result_cell>;

enum class row_format : std::uint8_t { text, binary };

/// Appends whole packets, row by row. What it is given outlives it; `sequence_id` is that of the first packet and is
/// left at the one that comes next. `negotiated` decides how metadata and rows end (client_deprecate_eof) and whether
/// flag bytes for optional or cached metadata are written; `status` goes into the ends.
class result_set_writer {
 public:
  result_set_writer(bytes& out, std::uint8_t& sequence_id, std::span<const result_column> columns, row_format format,
                    capabilities negotiated, status_flags status);

  /// A cell for each column.
  void add(const result_row& row);
  /// Behind the last row.
  void finish();

 private:
  bytes& out_;
  std::uint8_t& sequence_id_;
  std::span<const result_column> columns_;
  row_format format_;
  capabilities negotiated_;
  status_flags status_;
};

/// The same for rows that are all there.
void write_result_set(bytes& out, std::uint8_t& sequence_id, std::span<const result_column> columns,
                      std::span<const result_row> rows, row_format format, capabilities negotiated,
                      status_flags status);

/// The answer to COM_STMT_PREPARE for a statement with these columns and `parameter_count` parameters.
void write_prepare_response(bytes& out, std::uint8_t& sequence_id, std::uint32_t statement_id,
                            std::span<const result_column> columns, std::uint16_t parameter_count,
                            capabilities negotiated, status_flags status);

}  // namespace sessiongate::protocol
