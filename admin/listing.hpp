// The listings: what each shows, by column. A listing is a row of one table here, so SQL, prepared statements, JSON,
// text and the OpenAPI document all know its columns without knowing the listing.
#pragma once

#include "admin/command.hpp"
#include "admin/execution_context.hpp"
#include "admin/principal.hpp"
#include "admin/result.hpp"

#include <span>
#include <string_view>

namespace sessiongate::admin {

struct listing_entry {
  listing what;
  std::string_view json_name;    // of the array of rows
  std::string_view like_column;  // what LIKE alone looks at
  std::span<const column> columns;
  /// All rows that `who` may see, in the listing's own order; `asked.query` is applied afterwards.
  std::vector<std::vector<cell>> (*rows)(const show_table& asked, const principal& who, execution_context& context);
  /// In place of `rows`, for a listing about one session.
  std::vector<std::vector<cell>> (*of_session)(const show_table& asked,
                                               const session::client_session& target) = nullptr;
};

const listing_entry& find_listing(listing what);

/// Of a listing about one session, which the caller may read.
result list(const show_table& asked, const session::client_session& target);

/// The rows that `who` may see and that the query lets through.
result list(const show_table& asked, const principal& who, execution_context& context);

}  // namespace sessiongate::admin
