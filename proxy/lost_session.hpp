// What a relay keeps of a session whose server session can be replaced: what it sees of it all along, and, between the
// loss and the next statement, what it was told when it went. On the session's worker.
#pragma once

#include "proxy/cluster.hpp"
#include "proxy/recovery_watch.hpp"
#include "proxy/session_snapshot.hpp"
#include "proxy/statement_dialogue.hpp"

#include "protocol/capabilities.hpp"

#include <optional>
#include <utility>

namespace sessiongate::proxy {

struct lost_session {
  lost_session(recovery_watch seen, protocol::capabilities agreed) : watch(std::move(seen)), negotiated(agreed) {}

  /// It may have a role that neither a login nor what forgets everything else would give back.
  [[nodiscard]] bool may_have_role() const {
    return saved ? saved->role || (watch.hazards() & hazard::role) != 0 : watch.may_have_set_role();
  }

  recovery_watch watch;
  protocol::capabilities negotiated;      // with the backend: the client counts on it
  backend_ptr at;                         // where it was
  std::optional<session_snapshot> saved;  // read before it was ended on purpose
  bool reports_all = false;               // its server told of all system variables that changed,
  bool asked_for_reports = false;         // because the proxy had asked it to
  bool entered_database = false;          // since it was reset, if it was
  recovery_failure why_not;               // what is known already to be in the way
};

}  // namespace sessiongate::proxy
