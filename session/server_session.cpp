#include "session/server_session.hpp"

namespace sessiongate::session {

std::string_view to_text(server_session_state state) {
  switch (state) {
    case server_session_state::init:
      return "MSS_INIT";
    case server_session_state::active:
      return "MSS_ACTIVE";
    case server_session_state::bound_idle:
      return "MSS_KA_CLIENT_SLAVE";
  }
  return "MSS_INVALID";
}

bool may_share_server(const connection_origin& one, const connection_origin& other) {
  if (one.peer != other.peer) return false;
  if (one.greeted < other.dialled) return one.connection_id < other.connection_id;
  if (other.greeted < one.dialled) return other.connection_id < one.connection_id;
  return one.connection_id != other.connection_id;
}

}  // namespace sessiongate::session
