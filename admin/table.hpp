// A table of rows: what listings give. Rendering and filtering know columns and cells, and no listing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

enum class value_type : std::uint8_t {
  signed_integer,
  unsigned_integer,
  wide_id,  // an unsigned integer in SQL; text in JSON, for JavaScript's numbers lose the low bits of 64
  boolean,  // 0 or 1 in SQL
  text,
};

/// monostate is NULL. Otherwise the alternative of the column's type; wide_id holds std::uint64_t.
using cell = std::variant<std::monostate, std::int64_t, std::uint64_t, bool, std::string>;

struct column {
  std::string_view sql_name{};   // empty: not shown in SQL
  std::string_view json_name{};  // empty: not shown over HTTP
  value_type type = value_type::text;
  std::string_view sql_null{};  // what SQL shows for NULL; empty: NULL itself
};

/// Rows of equal kind: an array of objects in JSON.
struct table {
  std::string_view json_name;  // the array's name
  std::vector<column> columns;
  std::vector<std::vector<cell>> rows;
  std::size_t total = 0;  // rows there were before a limit cut them
};

}  // namespace sessiongate::admin
