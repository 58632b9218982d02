// How the texts of settings become values and the other way round, for the table in settings.cpp. An assign function
// gives an empty text when it has taken the value, and else what is wrong with it.
#pragma once

#include "proxy/config.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy::setting_values {

std::string check_socket_path(std::string_view path);
/// `host:port`, `[v6]:port`, `:port` (all addresses), `unix:/path`.
std::string assign_endpoint(session::endpoint& target, std::string_view text);
std::string assign_duration(milliseconds& target, std::string_view text);
std::string assign_count(std::size_t& target, std::string_view text, std::size_t min, std::size_t max);
std::vector<std::string> split_list(std::string_view text);
std::string assign_log_level(config& target, std::string_view text);
std::string assign_tracking(config& target, std::string_view text);
std::string assign_processlist(config& target, std::string_view text);
std::string assign_log_format(config& target, std::string_view text);
/// `host:port`, `[v6]:port`, `unix:/path` or just the path.
std::string assign_backend_address(session::endpoint& target, std::string_view text);
/// A comma list of them.
std::string assign_backends(config& target, std::string_view text);
std::string show_backends(const config& source);
std::string assign_clusters(config& target, std::string_view text);
/// Nothing for a cluster that the other settings describe.
std::string show_clusters(const config& source);
/// Names are not looked up for what the proxy listens on: start-up would depend on it.
std::string assign_listen(session::endpoint& target, std::string_view text);
std::string assign_admin_listen(config& target, std::string_view text);
std::string assign_tls_mode(tls_mode& target, std::string_view text, std::size_t count);
std::string assign_client_tls(config& target, std::string_view text);
std::string_view text_of_mode(tls_mode mode);
std::string assign_listen_socket(config& target, std::string_view text);
std::string assign_proxy_protocol_from(config& target, std::string_view text);
std::string assign_backend_proxy_protocol(config& target, std::string_view text);
std::string assign_client_compression(config& target, std::string_view text);
std::string show_client_compression(const config& source);
std::string assign_backend_compression(config& target, std::string_view text);
std::string show_backend_compression(const config& source);
std::string assign_operators(config& target, std::string_view text);
std::string assign_guards(config& target, std::string_view text);
std::string assign_core_dumps(config& target, std::string_view text);
std::string assign_proxysys_from(config& target, std::string_view text);

template <auto Member>
inline constexpr auto text_of = [](const config& source) -> std::string { return source.*Member; };

template <auto Member>
inline constexpr auto assign_text = [](config& target, std::string_view text) -> std::string {
  target.*Member = text;
  return {};
};

template <auto Member>
inline constexpr auto duration_of =
    [](const config& source) -> std::string { return fmt::format("{}ms", (source.*Member).count()); };

template <auto Member>
inline constexpr auto take_duration =
    [](config& target, std::string_view text) { return assign_duration(target.*Member, text); };

template <auto Member, std::size_t Min, std::size_t Max>
inline constexpr auto take_count =
    [](config& target, std::string_view text) { return assign_count(target.*Member, text, Min, Max); };

template <auto Member>
inline constexpr auto count_of = [](const config& source) -> std::string { return std::to_string(source.*Member); };

struct tracking_name {
  session_tracking value;
  std::string_view name;
};
inline constexpr std::array<tracking_name, 3> tracking_names{
    {{session_tracking::off, "off"}, {session_tracking::reported, "reported"}, {session_tracking::all, "all"}}};

inline constexpr std::array<std::string_view, 5> tls_modes{"disabled", "preferred", "required", "verify_ca",
                                                           "verify_identity"};

template <auto Member>
std::string assign_word(config& target, std::string_view text, std::string_view one, std::string_view other) {
  if (text != one && text != other) return fmt::format("must be {} or {}", one, other);
  target.*Member = text;
  return {};
}

/// One of the words that stand for the values of an enumeration, in its order.
template <class Enum, std::size_t Count>
std::string assign_enum(Enum& target, std::string_view text, const std::array<std::string_view, Count>& words) {
  for (std::size_t at = 0; at < Count; ++at) {
    if (words[at] != text) continue;
    target = static_cast<Enum>(at);
    return {};
  }
  std::string known;
  for (const auto each : words) known += fmt::format("{}{}", known.empty() ? "" : ", ", each);
  return "must be one of " + known;
}

template <auto Member, const auto& Words>
inline constexpr auto take_enum =
    [](config& target, std::string_view text) { return assign_enum(target.*Member, text, Words); };

template <auto Member, const auto& Words>
inline constexpr auto enum_of =
    [](const config& source) { return std::string(Words.at(static_cast<std::size_t>(source.*Member))); };

template <auto Member>
inline constexpr auto take_mode = [](config& target, std::string_view text) -> std::string {
  unsigned mode = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (ec != std::errc() || end != text.data() + text.size() || mode > 0777) return "must be a file mode: 600 to 777";
  target.*Member = mode;
  return {};
};

template <auto Member>
inline constexpr auto mode_of = [](const config& source) -> std::string { return fmt::format("{:o}", source.*Member); };

template <auto Member>
inline constexpr auto take_switch = [](config& target, std::string_view text) -> std::string {
  if (text != "on" && text != "off") return "must be on or off";
  target.*Member = text == "on";
  return {};
};

template <auto Member>
inline constexpr auto switch_of = [](const config& source) -> std::string { return source.*Member ? "on" : "off"; };

inline constexpr std::array<std::string_view, 3> compressions{"off", "zlib", "zstd"};  // as protocol::compression
inline constexpr std::array proxy_forms{"off", "v1", "v2"};  // as backend_proxy_protocol has them

}  // namespace sessiongate::proxy::setting_values
