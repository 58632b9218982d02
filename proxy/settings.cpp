#include "proxy/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

namespace sessiongate::proxy {

namespace {

constexpr std::string_view ok{};

template <class Number>
bool to_number(std::string_view text, Number& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size();
}

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t socket_path_max = 107;  // bytes, by the kernel

std::string check_socket_path(std::string_view path) {
  if (!path.starts_with('/')) return "must be an absolute path";
  if (path.size() > socket_path_max) return fmt::format("must be a path of at most {} bytes", socket_path_max);
  return {};
}

/// `host:port`, `[v6]:port`, `:port` (all addresses), `unix:/path`.
std::string assign_endpoint(session::endpoint& target, std::string_view text) {
  if (text.starts_with(unix_scheme)) {
    const auto path = text.substr(unix_scheme.size());
    auto wrong = check_socket_path(path);
    if (wrong.empty()) target = {std::string(path), 0};
    return wrong;
  }
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !to_number(text.substr(colon + 1), port))
    return "must be HOST:PORT or unix:/PATH";
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return "an IPv6 address needs brackets: [::1]:3306";
  target = {host.empty() ? "0.0.0.0" : std::string(host), port};
  return std::string(ok);
}

std::string assign_duration(milliseconds& target, std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::uint32_t count = 0;
  const auto unit = text.substr(digits);
  const std::uint32_t factor = unit == "ms" ? 1 : unit.empty() || unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  if (factor == 0 || !to_number(text.substr(0, digits), count)) return "must be a duration: 500ms, 10s or 2m";
  if (count > 86'400'000U / factor) return "must be at most 24 hours";
  target = milliseconds(std::int64_t{count} * factor);
  return std::string(ok);
}

std::string assign_count(std::size_t& target, std::string_view text, std::size_t min, std::size_t max) {
  std::size_t count = 0;
  if (!to_number(text, count) || count < min || count > max) {
    return fmt::format("must be a number from {} to {}", min, max);
  }
  target = count;
  return std::string(ok);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    auto part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

template <auto Member>
constexpr auto text_of = [](const config& source) -> std::string { return source.*Member; };

template <auto Member>
constexpr auto assign_text = [](config& target, std::string_view text) -> std::string {
  target.*Member = text;
  return {};
};

template <auto Member>
constexpr auto duration_of =
    [](const config& source) -> std::string { return fmt::format("{}ms", (source.*Member).count()); };

template <auto Member>
constexpr auto take_duration =
    [](config& target, std::string_view text) { return assign_duration(target.*Member, text); };

template <auto Member, std::size_t Min, std::size_t Max>
constexpr auto take_count =
    [](config& target, std::string_view text) { return assign_count(target.*Member, text, Min, Max); };

template <auto Member>
constexpr auto count_of = [](const config& source) -> std::string { return std::to_string(source.*Member); };

constexpr std::array log_levels{"trace", "debug", "info", "warning", "error"};

std::string assign_log_level(config& target, std::string_view text) {
  if (std::ranges::find(log_levels, text) == log_levels.end()) {
    return fmt::format("must be one of {}", fmt::join(log_levels, ", "));
  }
  target.log_level = text;
  return {};
}

struct tracking_name {
  session_tracking value;
  std::string_view name;
};
constexpr std::array<tracking_name, 3> tracking_names{
    {{session_tracking::off, "off"}, {session_tracking::reported, "reported"}, {session_tracking::all, "all"}}};

std::string assign_tracking(config& target, std::string_view text) {
  const auto* const found = std::ranges::find(tracking_names, text, &tracking_name::name);
  if (found == tracking_names.end()) return "must be off, reported or all";
  target.tracking = found->value;
  return {};
}

std::string assign_log_format(config& target, std::string_view text) {
  if (text != "text" && text != "json") return "must be text or json";
  target.format = text == "json" ? log_format::json : log_format::text;
  return {};
}

std::string assign_backend(config& target, std::string_view text) {
  session::endpoint at;
  auto wrong = assign_endpoint(at, text);
  if (wrong.empty() && at.port == 0 && !at.is_unix()) wrong = "must name a port";
  if (wrong.empty()) target.backend = std::move(at);
  return wrong;
}

/// Names are not looked up for what the proxy listens on: start-up would depend on it.
std::string assign_listen(session::endpoint& target, std::string_view text) {
  session::endpoint at;
  auto wrong = assign_endpoint(at, text);
  boost::system::error_code ec;
  boost::asio::ip::make_address(at.address, ec);
  if (wrong.empty() && ec && !at.is_unix()) wrong = "must be a numeric address and a port";
  if (wrong.empty()) target = std::move(at);
  return wrong;
}

std::string assign_admin_listen(config& target, std::string_view text) {
  target.admin_enabled = text != "off";
  return target.admin_enabled ? assign_listen(target.admin_listen, text) : std::string();
}

constexpr std::array<std::string_view, 5> tls_modes{"disabled", "preferred", "required", "verify_ca",
                                                    "verify_identity"};

std::string assign_tls_mode(tls_mode& target, std::string_view text, std::size_t count) {
  const auto known = std::span(tls_modes).first(count);
  const auto at = std::ranges::find(known, text);
  if (at == known.end()) return fmt::format("must be one of {}", fmt::join(known, ", "));
  target = static_cast<tls_mode>(at - known.begin());
  return std::string(ok);
}

std::string assign_client_tls(config& target, std::string_view text) {
  constexpr std::size_t without_verifying = 3;
  auto mode = tls_mode::disabled;
  auto wrong = assign_tls_mode(mode, text, without_verifying);
  if (wrong.empty()) target.client_tls = mode;
  return wrong;
}

std::string_view text_of_mode(tls_mode mode) {
  return tls_modes.at(static_cast<std::size_t>(mode));
}

template <auto Member>
std::string assign_word(config& target, std::string_view text, std::string_view one, std::string_view other) {
  if (text != one && text != other) return fmt::format("must be {} or {}", one, other);
  target.*Member = text;
  return {};
}

std::string assign_listen_socket(config& target, std::string_view text) {
  auto wrong = text.empty() ? std::string() : check_socket_path(text);
  if (wrong.empty()) target.listen_socket = text;
  return wrong;
}

template <auto Member>
constexpr auto take_mode = [](config& target, std::string_view text) -> std::string {
  unsigned mode = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (ec != std::errc() || end != text.data() + text.size() || mode > 0777) return "must be a file mode: 600 to 777";
  target.*Member = mode;
  return {};
};

template <auto Member>
constexpr auto mode_of = [](const config& source) -> std::string { return fmt::format("{:o}", source.*Member); };

std::string assign_proxy_protocol_from(config& target, std::string_view text) {
  network_list list;
  for (const auto& each : split_list(text)) {
    if (!list.add(each)) return fmt::format("must be networks like 10.0.0.0/8: {} is none", each);
  }
  target.proxy_protocol_from = std::move(list);
  return {};
}

template <auto Member>
constexpr auto take_switch = [](config& target, std::string_view text) -> std::string {
  if (text != "on" && text != "off") return "must be on or off";
  target.*Member = text == "on";
  return {};
};

template <auto Member>
constexpr auto switch_of = [](const config& source) -> std::string { return source.*Member ? "on" : "off"; };

constexpr std::array proxy_forms{"off", "v1", "v2"};  // as backend_proxy_protocol has them

std::string assign_backend_proxy_protocol(config& target, std::string_view text) {
  const auto* const at = std::ranges::find(proxy_forms, text);
  if (at == proxy_forms.end()) return fmt::format("must be one of {}", fmt::join(proxy_forms, ", "));
  target.proxy_to_backend = static_cast<backend_proxy_protocol>(at - proxy_forms.begin());
  return {};
}

constexpr std::size_t mebibyte = 1024UL * 1024UL;
constexpr std::size_t counts_max = 10'000'000;

constexpr setting table[] = {
    {"listen", "address for MySQL clients",
     [](config& target, std::string_view text) { return assign_listen(target.listen, text); },
     [](const config& source) { return source.listen.text(); }},
    {"backend", "the MySQL or MariaDB server", assign_backend,
     [](const config& source) { return source.backend ? source.backend->text() : std::string(); }},
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
    {"cluster", "this backend's cluster name; logins that name another one are refused", assign_text<&config::cluster>,
     text_of<&config::cluster>},
    {"workers", "worker threads; 0: one for each core that the process may use", take_count<&config::workers, 0, 1024>,
     count_of<&config::workers>},
    {"operators", "backend accounts (comma list) that may see and end every session",
     [](config& target, std::string_view text) {
       target.operators = split_list(text);
       return std::string();
     },
     [](const config& source) { return fmt::format("{}", fmt::join(source.operators, ",")); }, true},
    {"session-tracking", "what servers are asked to report about a session's state: off, reported or all",
     assign_tracking,
     [](const config& source) {
       return std::string(std::ranges::find(tracking_names, source.tracking, &tracking_name::value)->name);
     }},
    {"user-variables-max", "user variables of a session that are kept for SHOW PROXYSESSION VARIABLES",
     take_count<&config::user_variables_max, 0, 65536>, count_of<&config::user_variables_max>},
    {"admin-listen", "address of the HTTP admin API, or off", assign_admin_listen,
     [](const config& source) { return source.admin_enabled ? source.admin_listen.text() : std::string("off"); }},
    {"admin-socket-mode", "file mode of the admin API's Unix socket", take_mode<&config::admin_socket_mode>,
     mode_of<&config::admin_socket_mode>},
    {"admin-token-file", "file with the bearer token of the HTTP admin API", assign_text<&config::admin_token_file>,
     text_of<&config::admin_token_file>},
    {"proxysys-password-file", "file with the password of root@proxysys", assign_text<&config::proxysys_password_file>,
     text_of<&config::proxysys_password_file>},
    {"control-user", "backend account that interrupts statements there", assign_text<&config::control_user>,
     text_of<&config::control_user>},
    {"control-password-file", "file with the control account's password", assign_text<&config::control_password_file>,
     text_of<&config::control_password_file>},
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
    {"connect-timeout", "limit for reaching the backend and its greeting", take_duration<&config::connect_timeout>,
     duration_of<&config::connect_timeout>, true},
    {"login-timeout", "limit for a client's whole login", take_duration<&config::login_timeout>,
     duration_of<&config::login_timeout>, true},
    {"kill-timeout", "limit for a kill's wait for its target and for the backend", take_duration<&config::kill_timeout>,
     duration_of<&config::kill_timeout>},
    {"drain-timeout", "how long statements in flight may go on after SIGTERM", take_duration<&config::drain_timeout>,
     duration_of<&config::drain_timeout>, true},
    {"idle-timeout", "ends a session whose client sends no command for this long; 0: never",
     take_duration<&config::idle_timeout>, duration_of<&config::idle_timeout>},
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
