// The accounts of a cluster with configured credentials, and where they are read from: a JSON file with a list of
// them, or a directory with a file for each, named by its user, as secrets are mounted. docs/credentials.md has the
// form. Reading blocks: for the start and the admin thread.
#pragma once

#include "proxy/credential.hpp"
#include "proxy/secret.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

struct users_list {
  std::map<std::string, std::shared_ptr<const credential>, std::less<>> accounts;
  std::vector<std::string> files;      // all that it was read from: when one of them changes, it has to be read again
  std::vector<std::string> open_ones;  // those of them that every user of the host may read
};

/// Passwords that the file takes from environment variables, by the name of the variable.
using secret_variables_map = std::map<std::string, secret_text, std::less<>>;

/// What is wrong is appended to `errors`, without anything of a password; the list is of no use then.
users_list read_users(const std::string& path, const secret_variables_map& variables, std::vector<std::string>& errors);

/// The names of the variables that the file takes passwords from. Empty when it cannot be read.
std::vector<std::string> variables_named_in(const std::string& path);

}  // namespace sessiongate::proxy
