#include "proxy/settings.hpp"

#include "proxy/setting_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace sessiongate::proxy {

namespace {

using namespace setting_values;

constexpr std::size_t mebibyte = 1024UL * 1024UL;
constexpr std::size_t counts_max = 10'000'000;

constexpr setting table[] = {
    {"listen", "address for MySQL clients",
     [](config& target, std::string_view text) { return assign_listen(target.listen, text); },
     [](const config& source) { return source.listen.text(); }},
    {"backend", "the MySQL or MariaDB server, or several (comma list) that stand in for each other", assign_backends,
     show_backends},
    {"backend-order", "in which order logins try them: failover (as listed) or weight (by chance)",
     take_enum<&config::order, backend_orders>, enum_of<&config::order, backend_orders>},
    {"listen-socket", "path of a Unix socket for MySQL clients, beside listen", assign_listen_socket,
     text_of<&config::listen_socket>},
    {"listen-socket-mode", "file mode of Unix sockets for clients", take_mode<&config::listen_socket_mode>,
     mode_of<&config::listen_socket_mode>},
    {"proxy-protocol-from", "networks (comma list) whose connections may begin with a PROXY header",
     assign_proxy_protocol_from, [](const config& source) { return source.proxy_protocol_from.text(); }},
    {"proxy-protocol-required", "on: connections from there have to begin with a PROXY header",
     take_switch<&config::proxy_protocol_required>, switch_of<&config::proxy_protocol_required>},
    {"backend-proxy-protocol", "PROXY header that tells the backend the client's address: off, v1 or v2",
     assign_backend_proxy_protocol,
     [](const config& source) { return std::string(proxy_forms[static_cast<std::size_t>(source.proxy_to_backend)]); }},
    {"cluster", "the backends' cluster name; logins that name another one are refused", assign_text<&config::cluster>,
     text_of<&config::cluster>},
    {"clusters", "JSON list of clusters, in place of backend, backend-order, cluster, credentials and users-file",
     assign_clusters, show_clusters},
    {"default-cluster", "the cluster of logins that name none; none: the first one",
     assign_text<&config::default_cluster>, text_of<&config::default_cluster>},
    {"credentials", "what the proxy has to open server sessions by itself: none, users or learn",
     take_enum<&config::credentials, credentials_modes>, enum_of<&config::credentials, credentials_modes>},
    {"users-file", "file with the passwords of backend accounts, for credentials users",
     assign_text<&config::users_file>, text_of<&config::users_file>},
    {"learn-passwords", "on: credentials learn keeps passwords that clients send themselves, too",
     take_switch<&config::learn_passwords>, switch_of<&config::learn_passwords>},
    {"hash-cache-time", "how long password hashes that the control account has read are kept",
     take_duration<&config::hash_cache_time>, duration_of<&config::hash_cache_time>},
    {"workers", "worker threads; 0: one for each core that the process may use", take_count<&config::workers, 0, 1024>,
     count_of<&config::workers>},
    {"operators", "backend accounts (comma list of NAME or NAME@FROM) that may see and end every session",
     assign_operators,
     [](const config& source) {
       std::vector<std::string> names;
       names.reserve(source.operators.size());
       for (const auto& each : source.operators) names.push_back(to_text(each));
       return fmt::format("{}", fmt::join(names, ","));
     },
     true},
    {"session-tracking", "what servers are asked to report about a session's state: off, reported or all",
     assign_tracking,
     [](const config& source) {
       return std::string(std::ranges::find(tracking_names, source.tracking, &tracking_name::value)->name);
     }},
    {"user-variables-max", "user variables of a session that are kept for SHOW PROXYSESSION VARIABLES",
     take_count<&config::user_variables_max, 0, 65536>, count_of<&config::user_variables_max>},
    {"statement-text-max", "bytes of a running statement's text that listings can show; 0: none",
     take_count<&config::statement_text_max, 0, 4096>, count_of<&config::statement_text_max>},
    {"closed-sessions-max", "ended sessions that are kept for SHOW PROXYSESSION CLOSED",
     take_count<&config::closed_sessions_max, 0, 1000000>, count_of<&config::closed_sessions_max>},
    {"kills-max", "kills that are kept for SHOW PROXYSESSION KILLS", take_count<&config::kills_max, 0, 1000000>,
     count_of<&config::kills_max>},
    {"drains-max", "drains that are kept for SHOW PROXYSESSION DRAINS; so many may run at a time",
     take_count<&config::drains_max, 1, 10000>, count_of<&config::drains_max>},
    {"events-max", "events that are kept for readers that come back, and for SHOW PROXYEVENTS",
     take_count<&config::events_max, 0, 1000000>, count_of<&config::events_max>},
    {"events-readers-max", "readers of GET /v1/events at a time; one more is answered with 503",
     take_count<&config::events_readers_max, 0, 65536>, count_of<&config::events_readers_max>},
    {"events-heartbeat", "a reader of events gets a comment when nothing else was sent for this long; 0: none",
     take_duration<&config::events_heartbeat>, duration_of<&config::events_heartbeat>},
    {"slow-statement-time", "a statement that takes this long is an event; 0: none is",
     take_duration<&config::slow_statement_time>, duration_of<&config::slow_statement_time>, true},
    {"audit-file", "file with a line of JSON for each kill; none: no such file", assign_text<&config::audit_file>,
     text_of<&config::audit_file>},
    {"audit-file-max", "bytes above which the audit file is rotated; 0: it is not",
     take_count<&config::audit_file_max, 0, 1024 * 1024 * mebibyte>, count_of<&config::audit_file_max>},
    {"audit-files-max", "rotated audit files that are kept", take_count<&config::audit_files_max, 0, 1000>,
     count_of<&config::audit_files_max>},
    {"audit-queue-max", "kills that may wait for their line in the audit file",
     take_count<&config::audit_queue_max, 1, counts_max>, count_of<&config::audit_queue_max>},
    {"processlist", "who answers SHOW PROCESSLIST: the backend or the proxy", assign_processlist,
     [](const config& source) { return std::string(source.processlist_is_ours ? "proxy" : "backend"); }, true},
    {"admin-listen", "address of the HTTP admin API, or off", assign_admin_listen,
     [](const config& source) { return source.admin_enabled ? source.admin_listen.text() : std::string("off"); }},
    {"admin-socket-mode", "file mode of the admin API's Unix socket", take_mode<&config::admin_socket_mode>,
     mode_of<&config::admin_socket_mode>},
    {"admin-connections-max", "connections of the HTTP admin API at a time; one more is answered with 503",
     take_count<&config::admin_connections_max, 1, 65536>, count_of<&config::admin_connections_max>},
    {"admin-request-timeout", "limit for a request of the HTTP admin API to arrive, and for its answer to leave",
     take_duration<&config::admin_request_timeout>, duration_of<&config::admin_request_timeout>},
    {"admin-header-max", "bytes of an HTTP header", take_count<&config::admin_header_max, 1024, mebibyte>,
     count_of<&config::admin_header_max>},
    {"admin-body-max", "bytes of an HTTP body", take_count<&config::admin_body_max, 1024, mebibyte>,
     count_of<&config::admin_body_max>},
    {"admin-token-file", "file with the bearer token of the HTTP admin API", assign_text<&config::admin_token_file>,
     text_of<&config::admin_token_file>},
    {"admin-tokens-file", "file with named bearer tokens and their roles", assign_text<&config::admin_tokens_file>,
     text_of<&config::admin_tokens_file>},
    {"proxysys-password-file", "file with the password of root@proxysys", assign_text<&config::proxysys_password_file>,
     text_of<&config::proxysys_password_file>},
    {"proxysys-from", "addresses and networks (comma list) that root@proxysys may log in from", assign_proxysys_from,
     [](const config& source) { return source.proxysys_from.text(); }, true},
    {"core-dumps", "on: core files may be written, and others than root may look into the process", assign_core_dumps,
     [](const config& source) { return std::string(source.core_dumps ? "on" : "off"); }},
    {"rights-cache-time", "how long an account's rights on the backend are taken for known",
     take_duration<&config::rights_cache_time>, duration_of<&config::rights_cache_time>, true},
    {"login-delay-max", "longest delay for who guesses tokens or the password of root@proxysys; 0: none",
     take_duration<&config::login_delay_max>, duration_of<&config::login_delay_max>},
    {"control-user", "backend account that interrupts statements there", assign_text<&config::control_user>,
     text_of<&config::control_user>},
    {"control-password-file", "file with the control account's password", assign_text<&config::control_password_file>,
     text_of<&config::control_password_file>},
    {"control-connections-max", "connections of the control account at a time",
     take_count<&config::control_connections_max, 1, 1024>, count_of<&config::control_connections_max>},
    {"control-idle-timeout", "how long a connection of the control account is kept unused; 0: for ever",
     take_duration<&config::control_idle_timeout>, duration_of<&config::control_idle_timeout>},
    {"health-check-interval",
     "how often backends with a control account are checked; 0: they are judged by logins alone",
     take_duration<&config::health_check_interval>, duration_of<&config::health_check_interval>},
    {"health-check-timeout", "limit for a check", take_duration<&config::health_check_timeout>,
     duration_of<&config::health_check_timeout>},
    {"health-check-down", "failures in a row after which a backend is down",
     take_count<&config::health_check_down, 1, 1000>, count_of<&config::health_check_down>},
    {"health-check-up", "checks in a row that succeed after which it is up again",
     take_count<&config::health_check_up, 1, 1000>, count_of<&config::health_check_up>},
    {"health-check-backoff-max", "longest pause between attempts to reach a backend that is down",
     take_duration<&config::health_check_backoff_max>, duration_of<&config::health_check_backoff_max>},
    {"routine-check-interval",
     "how often stored programs and views are looked at that may change sessions unseen; 0: never",
     take_duration<&config::routine_check_interval>, duration_of<&config::routine_check_interval>},
    {"client-tls", "TLS with clients: disabled, preferred or required; preferred when there is a certificate",
     assign_client_tls,
     [](const config& source) {
       return source.client_tls ? std::string(text_of_mode(*source.client_tls)) : std::string();
     }},
    {"client-tls-cert", "file with the certificate for clients, and its chain; auto: one is made at start",
     assign_text<&config::client_tls_cert>, text_of<&config::client_tls_cert>},
    {"client-tls-key", "file with its key, if that is not in the certificate's file",
     assign_text<&config::client_tls_key>, text_of<&config::client_tls_key>},
    {"client-tls-ca", "file with the authorities that sign clients' certificates", assign_text<&config::client_tls_ca>,
     text_of<&config::client_tls_ca>},
    {"client-tls-verify", "whether clients must show a certificate: required or optional; needs --client-tls-ca",
     [](config& target, std::string_view text) {
       return assign_word<&config::client_tls_verify>(target, text, "required", "optional");
     },
     text_of<&config::client_tls_verify>},
    {"backend-tls", "TLS with the backend: disabled, preferred, required, verify_ca or verify_identity",
     [](config& target, std::string_view text) { return assign_tls_mode(target.backend_tls, text, tls_modes.size()); },
     [](const config& source) { return std::string(text_of_mode(source.backend_tls)); }},
    {"backend-tls-ca", "file with the authorities that sign the backend's certificate; none: the system's",
     assign_text<&config::backend_tls_ca>, text_of<&config::backend_tls_ca>},
    {"backend-tls-cert", "file with the certificate that the proxy shows to the backend",
     assign_text<&config::backend_tls_cert>, text_of<&config::backend_tls_cert>},
    {"backend-tls-key", "file with its key, if that is not in the certificate's file",
     assign_text<&config::backend_tls_key>, text_of<&config::backend_tls_key>},
    {"tls-min-version", "oldest TLS version on both sides: 1.2 or 1.3",
     [](config& target, std::string_view text) {
       return assign_word<&config::tls_min_version>(target, text, "1.2", "1.3");
     },
     text_of<&config::tls_min_version>},
    {"tls-ciphers", "ciphers of TLS 1.2, as OpenSSL names them", assign_text<&config::tls_ciphers>,
     text_of<&config::tls_ciphers>},
    {"tls-ciphersuites", "cipher suites of TLS 1.3, as OpenSSL names them", assign_text<&config::tls_ciphersuites>,
     text_of<&config::tls_ciphersuites>},
    {"tls-reload-interval", "how often the files of TLS are looked at; 0: only on SIGHUP",
     take_duration<&config::tls_reload_interval>, duration_of<&config::tls_reload_interval>},
    {"auth-key-file", "file with the RSA key for passwords of clients without TLS; none: one is made",
     assign_text<&config::auth_key_file>, text_of<&config::auth_key_file>},
    {"backend-public-key-file", "file with the backend's RSA key for passwords; none: the backend is asked for it",
     assign_text<&config::backend_public_key_file>, text_of<&config::backend_public_key_file>},
    {"client-compression", "compression that clients are offered: zlib,zstd or one of them, or off",
     assign_client_compression, show_client_compression},
    {"backend-compression", "compression with the backend, if it offers it: off, zlib or zstd",
     assign_backend_compression, show_backend_compression},
    {"backend-compression-level", "its level; 0: the algorithm's default",
     take_count<&config::backend_compression_level, 0, 22>, count_of<&config::backend_compression_level>},
    {"compression-min", "bytes; what is shorter goes uncompressed", take_count<&config::compression_min, 0, mebibyte>,
     count_of<&config::compression_min>},
    {"connect-timeout", "limit for reaching the backend and its greeting", take_duration<&config::connect_timeout>,
     duration_of<&config::connect_timeout>, true},
    {"login-timeout", "limit for a client's whole login", take_duration<&config::login_timeout>,
     duration_of<&config::login_timeout>, true},
    {"kill-timeout", "limit for a kill's wait for its target and for the backend", take_duration<&config::kill_timeout>,
     duration_of<&config::kill_timeout>},
    {"gentle-kill-timeout",
     "how long a kill AFTER STATEMENT or AFTER TRANSACTION waits if it does not say; 0: for ever",
     take_duration<&config::gentle_kill_timeout>, duration_of<&config::gentle_kill_timeout>},
    {"id-reuse-delay", "how long the id of a session that has ended is not given to another one",
     take_duration<&config::id_reuse_delay>, duration_of<&config::id_reuse_delay>},
    {"kill-where-max", "sessions that KILL PROXYSESSION WHERE may hit when it does not say how many",
     take_count<&config::kill_where_max, 1, counts_max>, count_of<&config::kill_where_max>},
    {"kill-where-concurrency", "how many of them are killed at a time",
     take_count<&config::kill_where_concurrency, 1, 1024>, count_of<&config::kill_where_concurrency>},
    {"tell-idle-clients", "off: an idle client whose session is killed reads nothing but the end of its connection",
     take_switch<&config::tell_idle_clients>, switch_of<&config::tell_idle_clients>, true},
    {"interrupt-on-disconnect", "on: the statement that a client leaves running by going away is interrupted",
     take_switch<&config::interrupt_on_disconnect>, switch_of<&config::interrupt_on_disconnect>, true},
    {"disconnect-queue-max", "statements of clients that went away that may wait to be interrupted",
     take_count<&config::disconnect_queue_max, 0, counts_max>, count_of<&config::disconnect_queue_max>, true},
    {"disconnect-interrupts-max", "statements of clients that went away that are interrupted at a time",
     take_count<&config::disconnect_interrupts_max, 1, 1024>, count_of<&config::disconnect_interrupts_max>, true},
    {"drain-timeout", "how long statements in flight may go on after SIGTERM", take_duration<&config::drain_timeout>,
     duration_of<&config::drain_timeout>, true},
    {"recovery", "which clients get another server session when theirs has gone: off, planned or all",
     [](config& target, std::string_view text) { return assign_enum(target.recovery, text, recovery_modes); },
     [](const config& source) { return std::string(recovery_modes[static_cast<std::size_t>(source.recovery)]); }},
    {"recovery-timeout", "how long a statement waits for another server session",
     take_duration<&config::recovery_timeout>, duration_of<&config::recovery_timeout>, true},
    {"recovery-concurrency", "sessions that get another server session at a time",
     take_count<&config::recovery_concurrency, 1, counts_max>, count_of<&config::recovery_concurrency>},
    {"recovery-state-max", "bytes that are kept and read of one session for another server session",
     take_count<&config::recovery_state_max, 65536, 1024 * mebibyte>, count_of<&config::recovery_state_max>},
    {"idle-timeout", "ends a session whose client sends no command for this long; 0: never",
     take_duration<&config::idle_timeout>, duration_of<&config::idle_timeout>, true},
    {"max-statement-time", "interrupts a statement that runs for longer; 0: never",
     take_duration<&config::max_statement_time>, duration_of<&config::max_statement_time>, true},
    {"idle-in-transaction-timeout", "ends a session that is idle in a transaction for this long; 0: never",
     take_duration<&config::idle_in_transaction_timeout>, duration_of<&config::idle_in_transaction_timeout>, true},
    {"max-transaction-time", "ends a session whose transaction is open for longer; 0: never",
     take_duration<&config::max_transaction_time>, duration_of<&config::max_transaction_time>, true},
    {"max-session-age", "ends a session that is older, behind its transaction; 0: never",
     take_duration<&config::max_session_age>, duration_of<&config::max_session_age>, true},
    {"guards", "JSON list of rules: limits of their own for users, tenants and clusters", assign_guards,
     [](const config& source) { return to_text(source.guards); }, true},
    {"write-timeout", "ends a session whose client takes nothing of what is sent to it for this long; 0: never",
     take_duration<&config::write_timeout>, duration_of<&config::write_timeout>},
    {"max-connections", "client connections at a time; 0: no limit",
     take_count<&config::max_connections, 0, counts_max>, count_of<&config::max_connections>},
    {"admin-connections", "connections above max-connections for root@proxysys",
     take_count<&config::admin_connections, 0, 1024>, count_of<&config::admin_connections>},
    {"max-user-connections", "sessions of one backend account at a time; 0: no limit",
     take_count<&config::max_user_connections, 0, counts_max>, count_of<&config::max_user_connections>},
    {"login-max-per-address", "logins in progress from one address; 0: no limit",
     take_count<&config::login_max_per_address, 0, counts_max>, count_of<&config::login_max_per_address>},
    {"login-memory-max", "bytes that all logins in progress may hold together",
     take_count<&config::login_memory_max, mebibyte, 65536 * mebibyte>, count_of<&config::login_memory_max>},
    {"read-buffer-size", "bytes that a worker reads at once",
     take_count<&config::read_buffer_size, 4096, 16 * mebibyte>, count_of<&config::read_buffer_size>},
    {"login-packet-max", "bytes of a packet during login",
     take_count<&config::login_packet_max, 4096, 16 * mebibyte - 2>, count_of<&config::login_packet_max>},
    {"login-rounds-max", "how often a backend may ask in one authentication",
     take_count<&config::login_rounds_max, 1, 1000>, count_of<&config::login_rounds_max>},
    {"admin-statement-max", "bytes of a statement that is looked at as a command for the proxy",
     take_count<&config::admin_statement_max, 1024, mebibyte>, count_of<&config::admin_statement_max>},
    {"admin-prepared-max", "prepared commands for the proxy that a session may hold",
     take_count<&config::admin_prepared_max, 1, 65536>, count_of<&config::admin_prepared_max>, true},
    {"listen-backlog", "connections that may wait to be accepted", take_count<&config::listen_backlog, 1, 65535>,
     count_of<&config::listen_backlog>},
    {"spin", "how long (µs) a worker looks again for work before it sleeps: latency for processor time; 0: not",
     [](config& target, std::string_view text) {
       std::size_t count = 0;
       auto wrong = assign_count(count, text, 0, 1000);
       if (wrong.empty()) target.spin = std::chrono::microseconds(count);
       return wrong;
     },
     [](const config& source) { return std::to_string(source.spin.count()); }},
    {"log-level", "trace, debug, info, warning or error", assign_log_level, text_of<&config::log_level>, true},
    {"log-format", "text or json", assign_log_format,
     [](const config& source) { return std::string(source.format == log_format::json ? "json" : "text"); }},
};

std::string in_upper_snake(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](char letter) {
    return letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  });
  return out;
}

}  // namespace

std::span<const setting> settings() {
  return table;
}

std::string environment_name(std::string_view name) {
  return "SESSIONGATE_" + in_upper_snake(name);
}

std::string file_key(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

}  // namespace sessiongate::proxy
