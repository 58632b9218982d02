#include "proxy/setting_values.hpp"

#include <fmt/ranges.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <limits>

namespace sessiongate::proxy::setting_values {

namespace {

constexpr std::string_view ok{};

template <class Number>
bool to_number(std::string_view text, Number& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size();
}

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t socket_path_max = 107;  // bytes, by the kernel

constexpr std::array log_levels{"trace", "debug", "info", "warning", "error"};

}  // namespace

std::string check_socket_path(std::string_view path) {
  if (!path.starts_with('/')) return "must be an absolute path";
  if (path.size() > socket_path_max) return fmt::format("must be a path of at most {} bytes", socket_path_max);
  return {};
}

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

std::string assign_guards(config& target, std::string_view text) {
  auto read = parse_guard_rules(text);
  if (auto* wrong = std::get_if<std::string>(&read)) return std::move(*wrong);
  target.guards = std::get<guard_rules>(std::move(read));
  return {};
}

std::string assign_log_level(config& target, std::string_view text) {
  if (std::ranges::find(log_levels, text) == log_levels.end()) {
    return fmt::format("must be one of {}", fmt::join(log_levels, ", "));
  }
  target.log_level = text;
  return {};
}

std::string assign_tracking(config& target, std::string_view text) {
  const auto* const found = std::ranges::find(tracking_names, text, &tracking_name::name);
  if (found == tracking_names.end()) return "must be off, reported or all";
  target.tracking = found->value;
  return {};
}

std::string assign_processlist(config& target, std::string_view text) {
  if (text != "backend" && text != "proxy") return "must be backend or proxy";
  target.processlist_is_ours = text == "proxy";
  return {};
}

std::string assign_log_format(config& target, std::string_view text) {
  if (text != "text" && text != "json") return "must be text or json";
  target.format = text == "json" ? log_format::json : log_format::text;
  return {};
}

std::string assign_backend_address(session::endpoint& target, std::string_view text) {
  session::endpoint at;
  auto wrong = assign_endpoint(at, text.starts_with('/') ? fmt::format("{}{}", unix_scheme, text) : std::string(text));
  if (wrong.empty() && at.port == 0 && !at.is_unix()) wrong = "must name a port";
  if (wrong.empty()) target = std::move(at);
  return wrong;
}

std::string assign_backends(config& target, std::string_view text) {
  std::vector<session::endpoint> all;
  for (const auto& each : split_list(text)) {
    session::endpoint at;
    if (auto wrong = assign_backend_address(at, each); !wrong.empty()) return wrong;
    if (std::ranges::find(all, at) != all.end()) return fmt::format("{} is there twice", at.text());
    all.push_back(std::move(at));
  }
  if (all.empty()) return "must be HOST:PORT or unix:/PATH";
  if (all.size() > cluster_backends_max) return fmt::format("must be at most {} addresses", cluster_backends_max);
  target.backends = std::move(all);
  return {};
}

std::string show_backends(const config& source) {
  std::string shown;
  for (const auto& each : source.backends) shown += (shown.empty() ? "" : ",") + each.text();
  return shown;
}

std::string assign_clusters(config& target, std::string_view text) {
  auto read = parse_clusters(text);
  if (auto* wrong = std::get_if<std::string>(&read)) return std::move(*wrong);
  target.clusters = std::get<std::vector<cluster_settings>>(std::move(read));
  return {};
}

std::string show_clusters(const config& source) {
  return source.backends.empty() ? to_text(source.clusters) : std::string();
}

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

std::string assign_listen_socket(config& target, std::string_view text) {
  auto wrong = text.empty() ? std::string() : check_socket_path(text);
  if (wrong.empty()) target.listen_socket = text;
  return wrong;
}

std::string assign_proxy_protocol_from(config& target, std::string_view text) {
  network_list list;
  for (const auto& each : split_list(text)) {
    if (!list.add(each)) return fmt::format("must be networks like 10.0.0.0/8: {} is none", each);
  }
  target.proxy_protocol_from = std::move(list);
  return {};
}

std::string assign_backend_proxy_protocol(config& target, std::string_view text) {
  const auto* const at = std::ranges::find(proxy_forms, text);
  if (at == proxy_forms.end()) return fmt::format("must be one of {}", fmt::join(proxy_forms, ", "));
  target.proxy_to_backend = static_cast<backend_proxy_protocol>(at - proxy_forms.begin());
  return {};
}

std::string assign_client_compression(config& target, std::string_view text) {
  const auto names = text == "off" ? std::vector<std::string>() : split_list(text);
  const bool known = std::ranges::all_of(names, [](const auto& each) { return each == "zlib" || each == "zstd"; });
  if (!known || (names.empty() && text != "off")) return "must be off or a list of zlib and zstd";
  target.client_zlib = std::ranges::find(names, "zlib") != names.end();
  target.client_zstd = std::ranges::find(names, "zstd") != names.end();
  return {};
}

std::string show_client_compression(const config& source) {
  if (!source.client_zlib) return source.client_zstd ? "zstd" : "off";
  return source.client_zstd ? "zlib,zstd" : "zlib";
}

std::string assign_backend_compression(config& target, std::string_view text) {
  const auto* const at = std::ranges::find(compressions, text);
  if (at == compressions.end()) return fmt::format("must be one of {}", fmt::join(compressions, ", "));
  target.backend_compression = static_cast<protocol::compression>(at - compressions.begin());
  return {};
}

std::string show_backend_compression(const config& source) {
  return std::string(compressions.at(static_cast<std::size_t>(source.backend_compression)));
}

std::string assign_operators(config& target, std::string_view text) {
  std::vector<operator_account> accounts;
  for (const auto& each : split_list(text)) {
    auto account = parse_operator(each);
    if (!account) {
      return fmt::format(
          "must be a list of NAME or NAME@FROM, with an address or network behind the @: {} is not one; "
          "a tenant confers no right, so it cannot be named",
          each);
    }
    accounts.push_back(std::move(*account));
  }
  target.operators = std::move(accounts);
  return {};
}

std::string assign_core_dumps(config& target, std::string_view text) {
  if (text != "on" && text != "off") return "must be on or off";
  target.core_dumps = text == "on";
  return {};
}

std::string assign_proxysys_from(config& target, std::string_view text) {
  address_list from;
  for (const auto& each : split_list(text)) {
    if (!from.add(each))
      return fmt::format("must be a list of addresses and networks, private, or any: {} is not", each);
  }
  target.proxysys_from = std::move(from);
  return {};
}

}  // namespace sessiongate::proxy::setting_values
