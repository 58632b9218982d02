#include "admin/targets.hpp"

#include "admin/authorize.hpp"
#include "admin/failures.hpp"
#include "admin/session_table.hpp"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sessiongate::admin {

using session::client_session_ptr;

namespace {

failure ambiguous(std::uint64_t id, const std::vector<client_session_ptr>& found) {
  failure result;
  result.kind = failure_kind::ambiguous;
  result.message = "Thread id " + std::to_string(id) + " is ambiguous:";
  for (const auto& each : found) {
    const auto server = each->find_connection(static_cast<std::uint32_t>(id));
    if (!server) continue;  // it went away since it was found
    result.candidates.push_back({each->cs_id(), server->backend().text(), server->connection_id()});
    result.message += (result.candidates.size() == 1 ? " CS_ID " : ", CS_ID ") + std::to_string(each->cs_id()) +
                      " (CONNECTION_ID " + std::to_string(id) + '@' + server->backend().text() + ')';
  }
  result.message += "; name one so";
  return result;
}

/// The last session that the id named. Its proxy_sessid has the cs_id in it.
std::optional<session::closed_session> find_ended(const session_id& id, const session::closed_sessions& closed) {
  const bool wide = session::is_proxy_sessid(id.number);
  if (!wide && id.number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  const auto number = wide ? session::cs_id_of(id.number) : static_cast<std::uint32_t>(id.number);
  auto found = id.form == id_form::connection_id ? std::nullopt : closed.find_by_cs_id(number);
  if (wide) return found && found->ids.proxy_sessid == id.number && id.form == id_form::any ? found : std::nullopt;
  if (!found && id.form != id_form::cs_id) found = closed.find_by_connection_id(number);
  const bool elsewhere = found && !id.backend.empty() && !(found->backend && is_backend(id.backend, *found->backend));
  return elsewhere ? std::nullopt : found;
}

failure unknown(const session_id& id, const principal& who, const execution_context& context) {
  const auto gone = context.closed == nullptr ? std::nullopt : find_ended(id, *context.closed);
  if (!gone || !may_see_ended(who, gone->logged_in ? gone->who.get() : nullptr)) return unknown_thread(id.number);
  return unknown_thread(id.number, {.cs_id = gone->ids.cs_id,
                                    .proxy_sessid = gone->ids.proxy_sessid,
                                    .closed_at = format_time(gone->closed_at),
                                    .reason = std::string(session::to_text(gone->why.reason)),
                                    .detail = gone->why.detail});
}

}  // namespace

std::variant<client_session_ptr, failure> find_target(const session_id& id, const principal& who, command_kind kind,
                                                      const execution_context& context) {
  auto found = find_sessions(id, context.sessions);
  std::erase_if(found, [&](const auto& each) { return may(who, kind, *each) == verdict::hidden; });
  if (found.empty()) return unknown(id, who, context);
  if (found.size() > 1) return ambiguous(id.number, found);
  if (may(who, kind, *found.front()) == verdict::allowed) return std::move(found.front());
  return not_owner_of(id.number);
}

}  // namespace sessiongate::admin
