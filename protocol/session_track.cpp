#include "protocol/session_track.hpp"

#include "protocol/wire.hpp"

#include <algorithm>
#include <array>

namespace sessiongate::protocol {
namespace {

using changes = std::vector<session_change>;

void read_system_variables(wire_reader& entry, changes& out) {
  do {
    const auto name = entry.read_lenenc_string();
    const auto value = entry.read_lenenc_string();
    if (entry.ok()) out.push_back({session_change_kind::system_variable, std::string(name), std::string(value)});
  } while (entry.ok() && !entry.at_end());
}

void read_gtids(wire_reader& entry, changes& out) {
  constexpr std::uint8_t encoding_text = 0;
  const auto encoding = entry.peek();
  if (!entry.at_end() && encoding == encoding_text) entry.skip(1);
  const auto value = encoding == encoding_text ? entry.read_lenenc_string() : entry.read_rest();
  out.push_back({session_change_kind::gtids, {}, std::string(value)});
}

// MySQL sends "1" as a length-encoded string, MariaDB as a bare byte.
void read_state_changed(wire_reader& entry, changes& out) {
  const auto data = entry.read_rest();
  wire_reader counted(as_bytes(data));
  const auto value = counted.read_lenenc_string();
  const bool is_counted = counted.ok() && counted.at_end();
  out.push_back({session_change_kind::state_changed, {}, std::string(is_counted ? value : data)});
}

bool read_entry(session_change_kind kind, std::string_view data, changes& out) {
  wire_reader entry(as_bytes(data));
  switch (kind) {
    case session_change_kind::system_variable:
      read_system_variables(entry, out);
      break;
    case session_change_kind::gtids:
      read_gtids(entry, out);
      break;
    case session_change_kind::state_changed:
      read_state_changed(entry, out);
      break;
    case session_change_kind::schema:
    case session_change_kind::transaction_characteristics:
    case session_change_kind::transaction_state:
      out.push_back({kind, {}, std::string(entry.read_lenenc_string())});
      break;
    default:
      out.push_back({kind, {}, std::string(data)});
      break;
  }
  return entry.ok();
}

}  // namespace

bool is_reported_by_default(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{
      "autocommit", "character_set_client", "character_set_connection", "redirect_url",
      "time_zone",  "character_set_results"};
  return std::ranges::find(names, name) != names.end();
}

result<std::string> default_session_changes(std::string_view state_info) {
  bytes kept;
  wire_writer writer(kept);
  wire_reader reader(as_bytes(state_info));
  while (!reader.at_end()) {
    const auto kind = reader.read_u8();
    auto data = reader.read_lenenc_string();
    if (!reader.ok()) return errc::incomplete_message;
    bytes variables;
    if (static_cast<session_change_kind>(kind) == session_change_kind::system_variable) {
      changes all;
      if (!read_entry(session_change_kind::system_variable, data, all)) return errc::malformed_field;
      for (const auto& each : all) {
        if (!is_reported_by_default(each.name)) continue;
        wire_writer(variables).write_lenenc_string(each.name);
        wire_writer(variables).write_lenenc_string(each.value);
      }
      if (variables.empty()) continue;
      data = as_text(variables);
    }
    writer.write_u8(kind);
    writer.write_lenenc_string(data);
  }
  return std::string(as_text(kept));
}

result<std::vector<session_change>> parse_session_changes(std::string_view state_info) {
  changes out;
  wire_reader reader(as_bytes(state_info));
  while (!reader.at_end()) {
    const auto kind = static_cast<session_change_kind>(reader.read_u8());
    const auto data = reader.read_lenenc_string();
    if (!reader.ok()) return errc::incomplete_message;
    if (!read_entry(kind, data, out)) return errc::malformed_field;
  }
  return out;
}

}  // namespace sessiongate::protocol
