// The texts that set variables to exact values. All ASCII, and the same under any sql_mode and character set.
#pragma once

#include "proxy/session_snapshot.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

/// `X'…'` with its character set in front.
std::string hex_literal(std::string_view bytes, std::string_view character_set);

/// `SESSION name = value`. `quoted`: a number as text, for a variable that only looks like one.
std::string system_assignment(const system_variable& variable, bool quoted = false);

/// The statements that give all of them their values and types, none of them longer than `size_max` bytes where a value
/// can be cut. Their names are in UTF-8, so character_set_client has to be.
std::vector<std::string> user_variable_settings(const std::vector<user_variable>& all, std::size_t size_max);

}  // namespace sessiongate::proxy
