#include "admin/command_kind.hpp"

namespace sessiongate::admin {

namespace {

// One for each alternative: a command without a kind does not compile.
command_kind kind(const show_sessions& /*what*/) {
  return command_kind::list_sessions;
}
command_kind kind(const show_session& /*what*/) {
  return command_kind::read_session;
}
command_kind kind(const kill_session& /*what*/) {
  return command_kind::kill_session;
}
command_kind kind(const kill_server_session& /*what*/) {
  return command_kind::kill_server_session;
}
command_kind kind(const kill_query& /*what*/) {
  return command_kind::kill_query;
}

}  // namespace

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
  return std::visit([](const auto& each) { return kind(each); }, what);
}

}  // namespace sessiongate::admin
