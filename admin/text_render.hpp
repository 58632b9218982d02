// A result for people: an aligned table, or one line. What `Accept: text/plain` and `sessiongate ctl` give.
#pragma once

#include "admin/result.hpp"

#include <string>

namespace sessiongate::admin {

/// Ends with a line end. The columns are those of SQL; control characters are shown as `.`.
std::string render_text(const result& what);

}  // namespace sessiongate::admin
