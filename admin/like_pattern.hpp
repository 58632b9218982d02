// LIKE patterns.
#pragma once

#include <string_view>

namespace sessiongate::admin {

/// `%` is any run of characters, `_` any one character, a backslash takes what follows it as it is; case-sensitive. An
/// empty pattern matches all, as in the original.
bool matches_like(std::string_view text, std::string_view pattern);

}  // namespace sessiongate::admin
