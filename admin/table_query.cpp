#include "admin/table_query.hpp"

#include "admin/breather.hpp"
#include "admin/failures.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sessiongate::admin {

namespace {

struct bound_key {
  std::size_t column = 0;
  bool descending = false;
};

using row = std::vector<cell>;

/// Equal rows stay in the order that they were in.
void sort(std::vector<row>& rows, const std::vector<bound_key>& keys) {
  std::vector<std::size_t> places(rows.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  breather pause;
  std::ranges::sort(places, [&](std::size_t left, std::size_t right) {
    pause.step();
    for (const auto& key : keys) {
      const int order = compare_cells(rows[left][key.column], rows[right][key.column]);
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    return left < right;
  });
  std::vector<row> sorted;
  sorted.reserve(rows.size());
  for (const auto place : places) sorted.push_back(std::move(rows[place]));
  rows = std::move(sorted);
}

void cut(table& rows, const table_query& query) {
  rows.total = rows.rows.size();
  const auto begin = std::min(query.offset, rows.rows.size());
  rows.rows.erase(rows.rows.begin(), rows.rows.begin() + static_cast<std::ptrdiff_t>(begin));
  if (query.limit && *query.limit < rows.rows.size()) rows.rows.resize(*query.limit);
}

}  // namespace

std::optional<failure> apply(const table_query& query, table& rows) {
  auto filter = row_filter::bind(query.where, rows.columns);
  if (auto* wrong = std::get_if<failure>(&filter)) return std::move(*wrong);
  std::vector<bound_key> keys;
  for (const auto& each : query.order) {
    const auto at = find_column(rows.columns, each.column);
    if (at == rows.columns.size()) return unknown_column(each.column, "order clause");
    keys.push_back({at, each.descending});
  }

  const auto& matching = std::get<row_filter>(filter);
  if (!query.where.all.empty()) {
    breather pause;
    std::erase_if(rows.rows, [&](const row& each) {
      pause.step();
      return !matching.matches(each);
    });
  }
  if (!keys.empty()) sort(rows.rows, keys);
  cut(rows, query);
  return std::nullopt;
}

}  // namespace sessiongate::admin
