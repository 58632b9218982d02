// A statement's text without its literals, for listings: what a statement does is shown, the data in it is not.
#pragma once

#include <string>
#include <string_view>

namespace sessiongate::admin {

/// Strings and numbers become `?`, comments go, and white space becomes one blank. What cannot be read to its end (a
/// quote that the cut left open, an executable comment) becomes one `?`. Any bytes will do.
std::string mask_literals(std::string_view text);

}  // namespace sessiongate::admin
