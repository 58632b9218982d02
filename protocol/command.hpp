// The first byte of a command payload ("Command Phase"). Values not named here are carried too (see
// response_tracker.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace sessiongate::protocol {

enum class command : std::uint8_t {
  sleep = 0x00,
  quit = 0x01,
  init_db = 0x02,
  query = 0x03,
  field_list = 0x04,
  create_db = 0x05,
  drop_db = 0x06,
  refresh = 0x07,
  shutdown = 0x08,
  statistics = 0x09,
  process_info = 0x0A,
  connect = 0x0B,
  process_kill = 0x0C,
  debug = 0x0D,
  ping = 0x0E,
  time = 0x0F,
  delayed_insert = 0x10,
  change_user = 0x11,
  binlog_dump = 0x12,
  table_dump = 0x13,
  connect_out = 0x14,
  register_slave = 0x15,
  stmt_prepare = 0x16,
  stmt_execute = 0x17,
  stmt_send_long_data = 0x18,
  stmt_close = 0x19,
  stmt_reset = 0x1A,
  set_option = 0x1B,
  stmt_fetch = 0x1C,
  daemon = 0x1D,
  binlog_dump_gtid = 0x1E,
  reset_connection = 0x1F,
  clone = 0x20,
  subscribe_group_replication_stream = 0x21,
  mariadb_stmt_bulk_execute = 0xFA,
};

/// The server sends nothing back for these.
constexpr bool has_no_response(command what) {
  return what == command::quit || what == command::stmt_close || what == command::stmt_send_long_data;
}

/// What the server sends back for these has no end.
constexpr bool is_replication_stream(command what) {
  return what == command::binlog_dump || what == command::binlog_dump_gtid || what == command::table_dump ||
         what == command::clone || what == command::subscribe_group_replication_stream;
}

/// As in SHOW PROCESSLIST's Command column ("Query", "Execute", …); "Unknown" for bytes without a name.
std::string_view command_name(command what);

}  // namespace sessiongate::protocol
