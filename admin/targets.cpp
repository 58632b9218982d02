#include "admin/targets.hpp"

#include "admin/authorize.hpp"
#include "admin/failures.hpp"

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

}  // namespace

std::variant<client_session_ptr, failure> find_target(const session_id& id, const principal& who, command_kind kind,
                                                      const session::registry& sessions) {
  auto found = find_sessions(id, sessions);
  std::erase_if(found, [&](const auto& each) { return may(who, kind, *each) == verdict::hidden; });
  if (found.empty()) return unknown_thread(id.number);
  if (found.size() > 1) return ambiguous(id.number, found);
  if (may(who, kind, *found.front()) == verdict::allowed) return std::move(found.front());
  return not_owner_of(id.number);
}

}  // namespace sessiongate::admin
