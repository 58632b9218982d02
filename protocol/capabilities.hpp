// Capability flags: what both sides of a connection agreed on at login. The low 32 bits are MySQL's; the high 32 bits
// are MariaDB's extended capabilities, which travel in reserved bytes of the greeting and of the handshake response.
#pragma once

#include <cstdint>

namespace sessiongate::protocol {

using capabilities = std::uint64_t;

inline constexpr capabilities client_mysql = 1ULL << 0U;  // also LONG_PASSWORD; MariaDB servers leave it off
inline constexpr capabilities client_found_rows = 1ULL << 1U;
inline constexpr capabilities client_long_flag = 1ULL << 2U;
inline constexpr capabilities client_connect_with_db = 1ULL << 3U;
inline constexpr capabilities client_no_schema = 1ULL << 4U;
inline constexpr capabilities client_compress = 1ULL << 5U;
inline constexpr capabilities client_odbc = 1ULL << 6U;
inline constexpr capabilities client_local_files = 1ULL << 7U;
inline constexpr capabilities client_ignore_space = 1ULL << 8U;
inline constexpr capabilities client_protocol_41 = 1ULL << 9U;
inline constexpr capabilities client_interactive = 1ULL << 10U;
inline constexpr capabilities client_ssl = 1ULL << 11U;
inline constexpr capabilities client_ignore_sigpipe = 1ULL << 12U;
inline constexpr capabilities client_transactions = 1ULL << 13U;
inline constexpr capabilities client_reserved = 1ULL << 14U;
inline constexpr capabilities client_secure_connection = 1ULL << 15U;
inline constexpr capabilities client_multi_statements = 1ULL << 16U;
inline constexpr capabilities client_multi_results = 1ULL << 17U;
inline constexpr capabilities client_ps_multi_results = 1ULL << 18U;
inline constexpr capabilities client_plugin_auth = 1ULL << 19U;
inline constexpr capabilities client_connect_attrs = 1ULL << 20U;
inline constexpr capabilities client_plugin_auth_lenenc_data = 1ULL << 21U;
inline constexpr capabilities client_can_handle_expired_passwords = 1ULL << 22U;
inline constexpr capabilities client_session_track = 1ULL << 23U;
inline constexpr capabilities client_deprecate_eof = 1ULL << 24U;
inline constexpr capabilities client_optional_resultset_metadata = 1ULL << 25U;
inline constexpr capabilities client_zstd_compression = 1ULL << 26U;
inline constexpr capabilities client_query_attributes = 1ULL << 27U;
inline constexpr capabilities client_multi_factor_authentication = 1ULL << 28U;
inline constexpr capabilities client_progress_obsolete = 1ULL << 29U;  // MariaDB's progress reports, old place
inline constexpr capabilities client_ssl_verify_server_cert = 1ULL << 30U;
inline constexpr capabilities client_remember_options = 1ULL << 31U;

inline constexpr capabilities mariadb_progress = 1ULL << 32U;
inline constexpr capabilities mariadb_com_multi = 1ULL << 33U;  // never became a feature
inline constexpr capabilities mariadb_stmt_bulk_operations = 1ULL << 34U;
inline constexpr capabilities mariadb_extended_metadata = 1ULL << 35U;
inline constexpr capabilities mariadb_cache_metadata = 1ULL << 36U;
inline constexpr capabilities mariadb_bulk_unit_results = 1ULL << 37U;

inline constexpr capabilities mysql_mask = 0xFFFFFFFFULL;

/// What says how bytes travel: a proxy agrees on these with each of its sides apart.
inline constexpr capabilities transport_capabilities = client_ssl | client_compress | client_zstd_compression;

constexpr bool has(capabilities set, capabilities flag) {
  return (set & flag) == flag;
}

}  // namespace sessiongate::protocol
