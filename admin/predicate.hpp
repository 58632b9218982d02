// What chooses rows: comparisons of columns with literals, all of which have to hold. Listings are filtered with it
// (table_query.hpp), and so may be anything that acts on "all sessions that …". Plain values; no thread, no lock.
//
//   User = 'app' AND Time >= 300 AND db IS NOT NULL AND state IN ('MCS_INIT', 'MCS_CLOSED') AND Host LIKE '10.%'
#pragma once

#include "admin/failure.hpp"
#include "admin/table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sessiongate::admin {

enum class comparison_op : std::uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  not_like,
  in,
  not_in,
  is_null,
  is_not_null,
};
std::string_view to_text(comparison_op op);  // as in SQL

enum class literal_kind : std::uint8_t { number, text, parameter };  // parameter: a `?` that has no value yet

struct literal {
  literal_kind kind = literal_kind::text;
  std::string text{};  // a number as it was written

  bool operator==(const literal&) const = default;
};

struct comparison {
  std::string column;
  comparison_op op = comparison_op::equal;
  std::vector<literal> values{};  // none for IS [NOT] NULL, any number but 0 for [NOT] IN, else one

  bool operator==(const comparison&) const = default;
};

/// Empty: every row.
struct predicate {
  std::vector<comparison> all{};

  bool operator==(const predicate&) const = default;
};

/// In SQL's words, for logs and answers. What it gives is read again as the same predicate.
std::string to_text(const predicate& what);

/// The place of a column among `columns`: by its name in SQL or in JSON, in any case; columns.size() when there is
/// none. Columns that are not shown in SQL are found, too.
std::size_t find_column(std::span<const column> columns, std::string_view name);

/// A predicate over the rows of one table. Values compare as the columns show them: numbers as numbers, text byte by
/// byte (case counts), a NULL that a listing shows as a text as that text. Every comparison with NULL fails, but
/// IS NULL.
class row_filter {
 public:
  /// failure: no such column (1054), or a column of numbers is compared with what is no number (1292).
  static std::variant<row_filter, failure> bind(const predicate& what, std::span<const column> columns);

  [[nodiscard]] bool matches(std::span<const cell> row) const;

 private:
  // Exact for every integer of 64 bits.
  using number = long double;
  using value = std::variant<number, std::string>;
  struct bound {
    std::size_t column = 0;
    comparison_op op = comparison_op::equal;
    std::vector<value> values{};
    std::string_view null_text{};
  };

  static std::variant<value, failure> bind_value(const literal& from, const column& of, comparison_op op);
  static bool matches(const bound& test, const cell& shown);
  static bool matches_present(const bound& test, const cell& shown);
  static int order(const cell& shown, const value& given);

  std::vector<bound> tests_;
};

/// The order of two cells of one column: NULL first, then as row_filter compares. Negative, zero or positive.
int compare_cells(const cell& left, const cell& right);

/// A cell as text: what LIKE looks at, and what a listing shows. NULL is empty.
std::string to_plain_text(const cell& value);

}  // namespace sessiongate::admin
