#include "admin/command_kind.hpp"

#include "admin/command_table.hpp"

namespace sessiongate::admin {

std::string_view to_text(command_kind kind) {
  switch (kind) {
    case command_kind::ask_proxy:
      return "ask_proxy";
    case command_kind::list_sessions:
      return "list_sessions";
    case command_kind::read_session:
      return "read_session";
    case command_kind::kill_session:
      return "kill_session";
    case command_kind::kill_server_session:
      return "kill_server_session";
    case command_kind::kill_query:
      return "kill_query";
    case command_kind::read_proxy:
      return "read_proxy";
    case command_kind::drain:
      return "drain";
    case command_kind::change_proxy:
      break;
  }
  return "change_proxy";
}

command_kind kind_of(const command& what) {
  const auto* several = std::get_if<kill_matching>(&what);
  if (several != nullptr && several->query) return command_kind::kill_query;
  return find_entry(what).kind;
}

std::optional<session_id> target_of(const command& what) {
  return std::visit(
      [](const auto& each) -> std::optional<session_id> {
        if constexpr (requires { each.id; })
          return each.id;
        else
          return std::nullopt;
      },
      what);
}

}  // namespace sessiongate::admin
