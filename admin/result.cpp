#include "admin/result.hpp"

#include <sstream>

namespace sessiongate::admin {

namespace {

std::string summarize_alternative(const table& what) {
  return std::to_string(what.rows.size()) + " of " + std::to_string(what.total) + " rows";
}

std::string summarize_alternative(const session_detail& what) {
  return "detail with " + std::to_string(what.server_sessions.size()) + " server sessions";
}

std::string summarize_alternative(const kill_outcome& what) {
  std::ostringstream line;
  line << to_text(what.status) << " cs_id=" << what.cs_id << " proxy_sessid=" << what.proxy_sessid;
  if (what.ss_id != 0) line << " ss_id=" << what.ss_id;
  if (what.connection_id != 0) line << " connection_id=" << what.connection_id;
  line << " user=" << what.user << " interrupt=" << to_text(what.interrupt);
  if (!what.backend_answer.empty()) line << " backend=" << what.backend_error << ' ' << what.backend_answer;
  if (what.ending != kill_ending::at_once) line << " ending=" << to_text(what.ending);
  if (what.waited.count() != 0) line << " waited_us=" << what.waited.count();
  if (!what.ended_with.empty()) line << " ended_with=" << what.ended_with;
  if (const auto recoverable = is_recoverable(what)) line << " recoverable=" << (*recoverable ? "yes" : "no");
  if (!obstacle_word(what).empty()) line << " obstacle=" << obstacle_word(what);
  line << " elapsed_us=" << what.elapsed.count();
  return std::move(line).str();
}

std::string summarize_alternative(const kill_report& what) {
  return std::string(what.dry_run ? "dry run: " : "") + std::to_string(what.matched) + " matched, " +
         std::to_string(what.killed) + (what.query ? " interrupted" : " killed");
}

std::string summarize_alternative(const acknowledgement& what) {
  return what.message.empty() ? "done" : what.message;
}

std::string summarize_alternative(const failure& what) {
  return std::string(to_text(what.kind)) + ": " + what.message;
}

}  // namespace

std::string_view to_text(failure_kind kind) {
  switch (kind) {
    case failure_kind::malformed:
      return "malformed";
    case failure_kind::unknown_id:
      return "unknown_id";
    case failure_kind::not_owner:
      return "not_owner";
    case failure_kind::forbidden:
      return "forbidden";
    case failure_kind::ambiguous:
      return "ambiguous";
    case failure_kind::unauthorized:
      return "unauthorized";
    case failure_kind::unknown_name:
      return "unknown_name";
    case failure_kind::read_only:
      return "read_only";
    case failure_kind::bad_value:
      return "bad_value";
    case failure_kind::busy:
      return "busy";
    case failure_kind::backend:
      return "backend";
    case failure_kind::timeout:
      return "timeout";
    case failure_kind::changed:
      return "changed";
    case failure_kind::too_many:
      return "too_many";
  }
  return "unknown";
}

kill_end end_of(const failure& of_kill) {
  if (of_kill.target) return end_of(*of_kill.target);
  switch (of_kill.kind) {
    case failure_kind::unknown_id:
      return kill_end::not_found;
    case failure_kind::not_owner:
      return kill_end::not_owner;
    case failure_kind::ambiguous:
      return kill_end::ambiguous;
    case failure_kind::forbidden:
    case failure_kind::unauthorized:
      return kill_end::forbidden;
    case failure_kind::timeout:
      return kill_end::timeout;
    case failure_kind::backend:
      return kill_end::backend_refused;
    case failure_kind::changed:
      return kill_end::no_longer_matches;
    default:
      return kill_end::refused;
  }
}

kill_end end_of(const result& of_kill) {
  if (const auto* done = std::get_if<kill_outcome>(&of_kill)) return end_of(*done);
  const auto* failed = std::get_if<failure>(&of_kill);
  return failed == nullptr ? kill_end::refused : end_of(*failed);
}

std::string summarize(const result& what) {
  return std::visit([](const auto& each) { return summarize_alternative(each); }, what);
}

}  // namespace sessiongate::admin
