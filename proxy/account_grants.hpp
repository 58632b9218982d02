// What a backend tells about an account in its answer to SHOW GRANTS: who it is there, and what it may do with the
// threads of others. Pure functions over the bytes of a response.
//
// SHOW GRANTS without FOR is the same on MySQL from 5.6 on and on MariaDB, names the account that was really
// authenticated, counts the roles that are active, and touches neither LAST_INSERT_ID() nor a transaction.
#pragma once

#include "admin/principal.hpp"
#include "protocol/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sessiongate::proxy {

struct account_grants {
  std::string user;  // of CURRENT_USER(): empty for an anonymous account, whatever name the client wrote
  admin::backend_rights rights;
};

inline constexpr std::string_view grants_question = "SHOW GRANTS";

/// `response` holds the packets of the text result set; it may be cut off behind any byte, and rights that stood behind
/// the cut are not seen. None when it is no such result set, or in another character set.
std::optional<account_grants> read_grants(protocol::bytes_view response, std::string_view server_version);

}  // namespace sessiongate::proxy
