// What `sessiongate ctl` was asked for, as a request to the admin API. A pure function of its words; no socket.
#pragma once

#include "admin/command_table.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sessiongate::proxy {

struct ctl_request {
  std::string method;
  std::string target;  // path and query
  std::string body;    // JSON; empty: none
};

/// `words` name a command of the table; `parameters` become the query. Otherwise what is wrong with the words.
std::variant<ctl_request, std::string> make_ctl_request(
    const std::vector<std::string>& words, const std::vector<std::pair<std::string, std::string>>& parameters);

/// Every command: its words and what it does.
std::string ctl_help();

}  // namespace sessiongate::proxy
