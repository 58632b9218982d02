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

}  // namespace sessiongate::session
