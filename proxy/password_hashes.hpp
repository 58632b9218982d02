// What a backend stores of the passwords of mysql_native_password, SHA1(SHA1(password)), and how the control account
// reads it. It cannot log in by itself. Pure functions.
#pragma once

#include "proxy/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

/// Of all accounts of one name: they differ in the hosts that they are for.
using password_hashes = std::vector<secret_bytes>;

/// The table that has them: what the control account needs SELECT on.
std::string_view hashes_table(std::string_view server_version);
/// The statement that reads those of the accounts of that name; only for who has such a password there is a row.
std::string hashes_question(std::string_view server_version, std::string_view user);
/// From the packets that answered it: whatever looks like `*` and 40 hexadecimal digits, wherever it stands.
password_hashes read_hashes(protocol::bytes_view answer);

}  // namespace sessiongate::proxy
