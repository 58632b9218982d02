// ERR packets ("Protocol::ERR_Packet") and the server error numbers that the proxy itself answers with.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sessiongate::protocol {

inline constexpr std::uint8_t err_header = 0xFF;
inline constexpr std::uint16_t progress_report_code =
    0xFFFF;  // MariaDB: an ERR packet with this code is a progress report

/// A server error: number, SQLSTATE and text.
struct server_error {
  std::uint16_t code = 0;
  std::string sqlstate;  // 5 characters; empty when the packet had none (errors before the login's end, old servers)
  std::string message;
};

inline bool is_err_packet(bytes_view payload) {
  return !payload.empty() && payload.front() == err_header;
}

result<server_error> parse_err_packet(bytes_view payload);
/// Without an SQLSTATE no marker is written, as servers do before the capabilities are known.
void write_err_packet(bytes& out, const server_error& value);

namespace er {  // MySQL's and MariaDB's error numbers, named as in their error lists
inline constexpr std::uint16_t con_count_error = 1040;
inline constexpr std::uint16_t out_of_resources = 1041;
inline constexpr std::uint16_t handshake_error = 1043;
inline constexpr std::uint16_t access_denied = 1045;
inline constexpr std::uint16_t unknown_command = 1047;
inline constexpr std::uint16_t server_shutdown = 1053;
inline constexpr std::uint16_t bad_field = 1054;
inline constexpr std::uint16_t no_such_thread = 1094;
inline constexpr std::uint16_t kill_denied = 1095;
inline constexpr std::uint16_t unknown_error = 1105;
inline constexpr std::uint16_t host_is_blocked = 1129;
inline constexpr std::uint16_t host_not_privileged = 1130;
inline constexpr std::uint16_t malformed_packet = 1835;
inline constexpr std::uint16_t packet_too_large = 1153;
inline constexpr std::uint16_t packets_out_of_order = 1156;
inline constexpr std::uint16_t uncompress_error = 1157;
inline constexpr std::uint16_t too_many_user_connections = 1203;
inline constexpr std::uint16_t unknown_system_variable = 1193;
inline constexpr std::uint16_t wrong_arguments = 1210;
inline constexpr std::uint16_t specific_access_denied = 1227;
inline constexpr std::uint16_t wrong_value_for_variable = 1231;
inline constexpr std::uint16_t read_only_variable = 1238;
inline constexpr std::uint16_t unknown_statement_handler = 1243;
inline constexpr std::uint16_t unsupported_auth_mode = 1251;
inline constexpr std::uint16_t wrong_value = 1292;
inline constexpr std::uint16_t query_interrupted = 1317;
inline constexpr std::uint16_t access_denied_no_password = 1698;
inline constexpr std::uint16_t connection_killed = 1927;
inline constexpr std::uint16_t statement_timeout = 1969;  // MariaDB
inline constexpr std::uint16_t cannot_connect = 2003;
inline constexpr std::uint16_t lost_connection = 2013;
inline constexpr std::uint16_t tls_error = 2026;
inline constexpr std::uint16_t query_timeout = 3024;  // MySQL
inline constexpr std::uint16_t insecure_transport = 3159;
inline constexpr std::uint16_t client_interaction_timeout = 4031;  // MySQL 8
inline constexpr std::uint16_t unknown_operator = 5010;  // the original's own number for a malformed proxy command
}  // namespace er

}  // namespace sessiongate::protocol
