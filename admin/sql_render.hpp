// A result as the MySQL client sees it: a result set, an OK or an ERR.
#pragma once

#include "admin/command.hpp"
#include "admin/result.hpp"
#include "protocol/bytes.hpp"
#include "protocol/capabilities.hpp"
#include "protocol/err_packet.hpp"
#include "protocol/result_set_writer.hpp"
#include "protocol/status_flags.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sessiongate::admin {

struct sql_session {
  protocol::capabilities negotiated = 0;  // what this client negotiated
  protocol::status_flags status = 0;      // put into OK and EOF packets
  protocol::row_format format = protocol::row_format::text;
  std::uint16_t warnings = 0;  // put into OK packets
};

/// Appends whole packets; `sequence_id` is that of the first one. A killed_self outcome is the ERR 1317: the caller
/// closes after it.
void render_sql(protocol::bytes& out, std::uint8_t& sequence_id, const result& what, const sql_session& session);

/// The text in the OK of a kill: what else there is to say. Empty: nothing.
std::string describe_outcome(const kill_outcome& what);

/// The columns that render_sql() will give for a command (none for kills of one): what COM_STMT_PREPARE has to
/// announce.
std::vector<protocol::result_column> sql_columns(const command& what);

/// The MySQL error for a failure.
protocol::server_error to_server_error(const failure& what);

}  // namespace sessiongate::admin
