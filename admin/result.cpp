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
  line << " elapsed_us=" << what.elapsed.count();
  return std::move(line).str();
}

std::string summarize_alternative(const acknowledgement& what) {
  return what.message.empty() ? "done" : what.message;
}

std::string summarize_alternative(const failure& what) {
  return std::string(to_text(what.kind)) + ": " + what.message;
}

}  // namespace

std::string_view to_text(kill_status status) {
  switch (status) {
    case kill_status::killed:
      return "killed";
    case kill_status::killed_self:
      return "killed_self";
    case kill_status::query_interrupted:
      return "query_interrupted";
    case kill_status::already_idle:
      return "already_idle";
  }
  return "unknown";
}

std::string_view to_text(interrupt_status status) {
  switch (status) {
    case interrupt_status::not_needed:
      return "not_needed";
    case interrupt_status::interrupted:
      return "interrupted";
    case interrupt_status::no_route:
      return "no_route";
    case interrupt_status::backend_refused:
      return "backend_refused";
    case interrupt_status::backend_unreachable:
      return "backend_unreachable";
    case interrupt_status::timeout:
      return "timeout";
  }
  return "unknown";
}

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
    case failure_kind::backend:
      return "backend";
    case failure_kind::timeout:
      return "timeout";
  }
  return "unknown";
}

std::string summarize(const result& what) {
  return std::visit([](const auto& each) { return summarize_alternative(each); }, what);
}

}  // namespace sessiongate::admin
