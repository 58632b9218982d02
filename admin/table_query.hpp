// Which rows of a listing, in which order, how many: what every SHOW of ours and every list over HTTP may be given.
#pragma once

#include "admin/failure.hpp"
#include "admin/predicate.hpp"
#include "admin/table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::admin {

struct sort_key {
  std::string column;
  bool descending = false;

  bool operator==(const sort_key&) const = default;
};

struct table_query {
  predicate where{};
  std::vector<sort_key> order{};  // empty: the listing's own
  std::optional<std::size_t> limit{};
  std::size_t offset = 0;

  [[nodiscard]] bool empty() const { return where.all.empty() && order.empty() && !limit && offset == 0; }
};

/// Takes out the rows that do not match, sorts the others (equal ones stay as they were), cuts what limit and offset
/// leave out, and sets `total`. failure: a column that the table does not have, a value that does not fit its column;
/// `rows` is then as it was.
std::optional<failure> apply(const table_query& query, table& rows);

}  // namespace sessiongate::admin
