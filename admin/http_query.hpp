// The query of a request's target, and what it means for a listing:
//
//   column=value               equals; for a column that may be NULL an empty value is IS NULL
//   column_OP=value            OP: ne lt le gt ge like not_like; in and not_in take a comma list; is_null true or false
//   like=p                     LIKE on the listing's own column, as in SQL
//   filter=predicate           in SQL's words: filter=User = 'app' AND Time > 300
//   sort=column,-column        - is descending
//   limit=n  offset=n          a page
//   full=true                  more than is shown by default
//
// Columns go by their names in JSON or in SQL, in any case. Everything given has to hold.
#pragma once

#include "admin/command_table.hpp"
#include "admin/json_render.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sessiongate::admin {

using query_parameters = std::vector<std::pair<std::string, std::string>>;

/// What comes behind the `?`. A repeated name is refused: which of its values was meant cannot be known.
std::variant<query_parameters, http_answer> parse_parameters(std::string_view query);

/// Puts the parameters of a request for this command into `given`. Otherwise the answer: 400.
std::optional<http_answer> take_parameters(const command_entry& entry, query_parameters parameters,
                                           command_arguments& given);

/// The columns that a command's rows have; none when it gives no rows.
std::span<const column> columns_of(const command_entry& entry);

/// The column that a parameter `name` with this value is about: a host without a port is an address.
std::string_view column_for(std::span<const column> columns, std::string_view name, std::string_view value);

/// ne, lt, le, gt, ge, like, not_like, in, not_in, is_null as behind the name of a column, and eq.
std::optional<comparison_op> find_operator(std::string_view name);

enum class plus : std::uint8_t { blank, itself };  // what `+` is: a blank in a query, itself in a path

/// %41 is `A`; empty when a % is not followed by two hexadecimal digits.
std::optional<std::string> decode_percent(std::string_view text, plus means = plus::blank);
std::vector<std::string_view> split(std::string_view text, char mark);

}  // namespace sessiongate::admin
