#include "protocol/command.hpp"

namespace sessiongate::protocol {

std::string_view command_name(command what) {
  switch (what) {
    case command::sleep:
      return "Sleep";
    case command::quit:
      return "Quit";
    case command::init_db:
      return "Init DB";
    case command::query:
      return "Query";
    case command::field_list:
      return "Field List";
    case command::create_db:
      return "Create DB";
    case command::drop_db:
      return "Drop DB";
    case command::refresh:
      return "Refresh";
    case command::shutdown:
      return "Shutdown";
    case command::statistics:
      return "Statistics";
    case command::process_info:
      return "Processlist";
    case command::connect:
      return "Connect";
    case command::process_kill:
      return "Kill";
    case command::debug:
      return "Debug";
    case command::ping:
      return "Ping";
    case command::time:
      return "Time";
    case command::delayed_insert:
      return "Delayed insert";
    case command::change_user:
      return "Change user";
    case command::binlog_dump:
      return "Binlog Dump";
    case command::table_dump:
      return "Table Dump";
    case command::connect_out:
      return "Connect Out";
    case command::register_slave:
      return "Register Slave";
    case command::stmt_prepare:
      return "Prepare";
    case command::stmt_execute:
      return "Execute";
    case command::stmt_send_long_data:
      return "Long Data";
    case command::stmt_close:
      return "Close stmt";
    case command::stmt_reset:
      return "Reset stmt";
    case command::set_option:
      return "Set option";
    case command::stmt_fetch:
      return "Fetch";
    case command::daemon:
      return "Daemon";
    case command::binlog_dump_gtid:
      return "Binlog Dump GTID";
    case command::reset_connection:
      return "Reset Connection";
    case command::clone:
      return "Clone";
    case command::subscribe_group_replication_stream:
      return "Group Replication Data Stream subscription";
    case command::mariadb_stmt_bulk_execute:
      return "Bulk_execute";
  }
  return "Unknown";
}

}  // namespace sessiongate::protocol
