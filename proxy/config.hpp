// The configuration: one struct of plain values, and where they come from. Precedence: flags, environment
// (SESSIONGATE_…), JSON file (comments allowed), defaults. docs/configuration.md lists every setting.
#pragma once

#include "proxy/address_list.hpp"
#include "proxy/cluster_settings.hpp"
#include "proxy/guard_rules.hpp"
#include "proxy/network_list.hpp"
#include "proxy/operator_account.hpp"
#include "proxy/secret.hpp"

#include "protocol/compression.hpp"
#include "session/endpoint.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sessiongate::proxy {

using std::chrono::milliseconds;

/// What the proxy asks servers to report about a session's state.
enum class session_tracking : std::uint8_t {
  off,
  reported,  // what they report by themselves
  all,       // all system variables, from a session's first SET of one on
};

/// Which client sessions get another server session when their own has gone, in clusters with credentials.
enum class recovery_mode : std::uint8_t {
  off,
  planned,  // those whose server session was ended on purpose, and could be asked for its state first
  all,      // and those that lost it otherwise, when all of their state is known
};
inline constexpr std::array<std::string_view, 3> recovery_modes{"off", "planned", "all"};

enum class log_format : std::uint8_t { text, json };
enum class backend_proxy_protocol : std::uint8_t { off, v1, v2 };

/// What a side does about TLS; each does what those before it do. Verifying is for the backend's side.
enum class tls_mode : std::uint8_t { disabled, preferred, required, verify_ca, verify_identity };

struct config {
  session::endpoint listen{"0.0.0.0", 2883};
  std::string listen_socket;                // one more, for clients: the path of a Unix socket; empty: none
  unsigned listen_socket_mode = 0666;       // of the file of a Unix socket for clients
  std::vector<session::endpoint> backends;  // with the next four: the one cluster; or empty, and clusters has all
  backend_order order = backend_order::failover;
  std::string cluster;  // empty: not named, any label is taken
  credentials_mode credentials = credentials_mode::none;
  std::string users_file;
  bool learn_passwords = false;          // also such that clients send themselves
  milliseconds hash_cache_time{30'000};  // how long hashes that the control account has read are kept
  std::map<std::string, secret_text, std::less<>> user_passwords;  // of variables that files of users name
  std::vector<cluster_settings> clusters;                          // after reading: at least one, with their secrets
  std::string default_cluster;                                     // empty: the first one
  std::size_t workers = 0;                                         // 0: one for each core that this process may use
  session_tracking tracking = session_tracking::all;
  std::size_t user_variables_max = 256;    // kept of one session
  std::size_t statement_text_max = 256;    // bytes of a running statement that listings can show
  std::size_t closed_sessions_max = 1000;  // kept for SHOW PROXYSESSION CLOSED
  std::size_t kills_max = 1000;            // kept for SHOW PROXYSESSION KILLS
  std::size_t drains_max = 100;            // kept for SHOW PROXYSESSION DRAINS
  std::size_t events_max = 10'000;         // kept for those who come back, and for SHOW PROXYEVENTS
  std::size_t events_readers_max = 64;
  milliseconds events_heartbeat{15'000};
  milliseconds slow_statement_time{0};               // a longer one is an event; 0: none is
  std::string audit_file;                            // a line for each kill; empty: none
  std::size_t audit_file_max = 100UL * 1024 * 1024;  // bytes; 0: it is not rotated
  std::size_t audit_files_max = 5;                   // rotated ones that are kept
  std::size_t audit_queue_max = 65536;               // kills that wait for their line
  bool processlist_is_ours = false;                  // the proxy answers SHOW [FULL] PROCESSLIST
  std::vector<operator_account> operators;           // backend accounts that see and end everything
  network_list proxy_protocol_from;                  // who may send PROXY headers
  bool proxy_protocol_required = false;              // and has to
  backend_proxy_protocol proxy_to_backend = backend_proxy_protocol::off;

  session::endpoint admin_listen{"127.0.0.1", 2884};
  bool admin_enabled = true;
  unsigned admin_socket_mode = 0600;  // of its file, when it is a Unix socket
  std::size_t admin_connections_max = 256;
  milliseconds admin_request_timeout{30'000};
  std::size_t admin_header_max = 16 * 1024;  // bytes
  std::size_t admin_body_max = 64 * 1024;    // bytes
  std::string admin_token_file;
  secret_text admin_token;
  std::string admin_tokens_file;  // neither token nor file: only health and metrics answer
  std::string proxysys_password_file;
  std::optional<secret_text> proxysys_password;  // none: root@proxysys cannot log in
  address_list proxysys_from{"private"};         // where its clients may be
  bool core_dumps = false;                       // off: neither core files nor ptrace by others than root
  milliseconds rights_cache_time{30'000};        // how long an account's rights on the backend are taken for known
  milliseconds login_delay_max{5'000};           // for who guesses: tokens, root@proxysys; 0: none
  std::string control_user;                      // empty: no control account
  std::string control_password_file;
  secret_text control_password;
  std::size_t control_connections_max = 8;
  milliseconds control_idle_timeout{300'000};  // of its connections that are kept; 0: until the backend closes them
  std::string auth_key_file;                   // empty: the proxy makes its RSA key itself
  std::string backend_public_key_file;         // empty: the backend is asked for its key

  // TLS. Files in PEM form; empty: none.
  std::optional<tls_mode> client_tls;  // none: preferred when there is a certificate, else disabled
  std::string client_tls_cert;         // or "auto": one is made at start
  std::string client_tls_key;          // empty: in the certificate's file
  std::string client_tls_ca;           // who signs clients' certificates; empty: clients are not asked for one
  std::string client_tls_verify = "required";
  tls_mode backend_tls = tls_mode::disabled;
  std::string backend_tls_ca;  // empty: the system's
  std::string backend_tls_cert;
  std::string backend_tls_key;
  std::string tls_min_version = "1.2";
  std::string tls_ciphers;                   // TLS 1.2; empty: OpenSSL's default
  std::string tls_ciphersuites;              // TLS 1.3
  milliseconds tls_reload_interval{10'000};  // how often the files are looked at; 0: never

  bool client_zlib = true;  // what clients are offered
  bool client_zstd = true;
  protocol::compression backend_compression = protocol::compression::none;
  std::size_t backend_compression_level = 0;  // 0: the algorithm's default
  std::size_t compression_min = 50;           // bytes: what is shorter goes uncompressed

  milliseconds health_check_interval{5'000};  // 0: backends are judged by logins alone
  milliseconds health_check_timeout{3'000};
  std::size_t health_check_down = 3;
  std::size_t health_check_up = 2;
  milliseconds health_check_backoff_max{30'000};
  milliseconds routine_check_interval{60'000};  // 0: stored programs and views are not looked at

  milliseconds connect_timeout{10'000};        // to a backend: TCP connection and greeting
  milliseconds login_timeout{10'000};          // a client's whole login
  milliseconds id_reuse_delay{3'600'000};      // how long the cs_id of a session that has ended is nobody else's
  milliseconds kill_timeout{5'000};            // a kill's wait for its target and for the backend's answer
  milliseconds gentle_kill_timeout{60'000};    // of one that names none; 0: it waits for ever
  std::size_t kill_where_max = 100;            // sessions that one command may kill, if it does not say how many
  std::size_t kill_where_concurrency = 16;     // of those at a time
  bool tell_idle_clients = true;               // also one that is idle, when its session is killed
  bool interrupt_on_disconnect = true;         // what a client that goes away leaves running
  std::size_t disconnect_queue_max = 4096;     // such statements that wait for their turn
  std::size_t disconnect_interrupts_max = 16;  // at a time
  milliseconds drain_timeout{30'000};
  recovery_mode recovery = recovery_mode::all;
  milliseconds recovery_timeout{10'000};           // a statement's wait for another server session
  std::size_t recovery_concurrency = 64;           // sessions at a time that get another one
  std::size_t recovery_state_max = 1024UL * 1024;  // bytes that are kept and read of one session for it
  milliseconds idle_timeout{0};                    // a client that sends no command; 0: none, here and in the next four
  milliseconds max_statement_time{0};
  milliseconds idle_in_transaction_timeout{0};
  milliseconds max_transaction_time{0};
  milliseconds max_session_age{0};
  guard_rules guards;                  // limits of their own for some sessions: the first that matches
  milliseconds write_timeout{60'000};  // a client that takes nothing of what is for it; 0: none
  std::size_t max_connections = 0;     // 0: no limit, here and in the next but one
  std::size_t admin_connections = 8;   // above max_connections, for root@proxysys
  std::size_t max_user_connections = 0;
  std::size_t login_max_per_address = 0;
  std::size_t login_memory_max = 64UL * 1024 * 1024;  // bytes, all logins in progress together
  std::size_t read_buffer_size = 256 * 1024;          // bytes, one for each worker
  std::size_t login_packet_max = 1024 * 1024;         // bytes
  std::size_t login_rounds_max = 32;                  // packets of the backend in an authentication
  std::size_t admin_statement_max = 64 * 1024;        // bytes
  std::size_t admin_prepared_max = 256;               // statements of the proxy's own that a session may hold prepared
  std::size_t listen_backlog = 4096;
  std::chrono::microseconds spin{0};  // how long a worker looks again before it sleeps

  std::string log_level = "info";
  log_format format = log_format::text;
  std::string config_file;
};

/// With its default worked out.
tls_mode client_tls_mode(const config& settings);

/// The variables that hold secrets, each for when no file is named.
inline constexpr std::array secret_variables{"SESSIONGATE_ADMIN_TOKEN", "SESSIONGATE_PROXYSYS_PASSWORD",
                                             "SESSIONGATE_CONTROL_PASSWORD"};

/// What main() does with the command line.
struct invocation {
  enum class action : std::uint8_t { run, exit } next = action::run;
  int exit_code = 0;
  std::string output;  // for standard output when exit_code is 0, else for standard error
  config settings;
};

using environment = std::function<const char*(const char* name)>;

/// Reads everything and reports all errors at once, each with its place (flag, variable, or file and key). Handles
/// --help, --version, --check and --print-config (secrets masked). Throws nothing.
invocation read_configuration(int argc, const char* const* argv, const environment& env);

}  // namespace sessiongate::proxy
