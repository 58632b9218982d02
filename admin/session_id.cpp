#include "admin/session_id.hpp"

#include "admin/sql_lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace sessiongate::admin {

namespace {

using session::client_session_ptr;

constexpr std::array<std::pair<std::string_view, id_form>, 2> prefixes{
    {{"cs_id:", id_form::cs_id}, {"connection_id:", id_form::connection_id}}};

bool equals_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, to_upper, to_upper);
}

}  // namespace

std::string to_text(const session_id& id) {
  std::string text;
  for (const auto& [prefix, form] : prefixes) {
    if (form == id.form) text = prefix;
  }
  text += std::to_string(id.number);
  return id.backend.empty() ? text : text + '@' + id.backend;
}

std::optional<session_id> parse_session_id(std::string_view text) {
  session_id read;
  for (const auto& [prefix, form] : prefixes) {
    if (!equals_in_any_case(text.substr(0, prefix.size()), prefix)) continue;
    read.form = form;
    text.remove_prefix(prefix.size());
    break;
  }
  const auto at = read.form == id_form::connection_id ? text.find('@') : std::string_view::npos;
  if (at != std::string_view::npos) {
    read.backend = text.substr(at + 1);
    if (read.backend.empty()) return std::nullopt;
  }
  const auto number = parse_id(text.substr(0, at));
  if (!number) return std::nullopt;
  read.number = *number;
  return read;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return magnitude;
  if (magnitude > 1ULL << 31U) return std::nullopt;
  return static_cast<std::uint32_t>(-static_cast<std::int64_t>(magnitude));
}

bool is_backend(std::string_view given, const session::endpoint& at) {
  const auto& address = at.address;
  return equals_in_any_case(given, at.text()) || equals_in_any_case(given, address) ||
         equals_in_any_case(given, '[' + address + ']');
}

std::vector<client_session_ptr> find_sessions(const session_id& id, const session::registry& sessions) {
  if (id.form == id_form::any) return sessions.find(id.number);
  if (id.number > std::numeric_limits<std::uint32_t>::max()) return {};
  const auto number = static_cast<std::uint32_t>(id.number);
  if (id.form == id_form::cs_id) {
    auto found = sessions.find_client(number);
    return found ? std::vector{std::move(found)} : std::vector<client_session_ptr>();
  }
  auto holders = sessions.find_holders(number);
  if (id.backend.empty()) return holders;
  std::erase_if(holders, [&](const auto& each) {
    const auto server = each->find_connection(number);
    return !server || !is_backend(id.backend, server->backend());
  });
  return holders;
}

}  // namespace sessiongate::admin
