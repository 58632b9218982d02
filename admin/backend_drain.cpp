#include "admin/backend_drain.hpp"

#include "admin/authorize.hpp"
#include "admin/breather.hpp"
#include "admin/drain_table.hpp"
#include "admin/drains.hpp"
#include "admin/failures.hpp"
#include "admin/proxy_view.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace sessiongate::admin {

namespace {

/// Other clusters than its own are none of an operator's business.
std::optional<found_backend> find(const std::string& cluster, const std::string& backend, const principal& who,
                                  const execution_context& context) {
  auto found = context.proxy->find_backend(cluster, backend);
  if (found && who.own_cluster_only && found->cluster != who.cluster) return std::nullopt;
  return found;
}

bool is_on(const session::client_session& client, const found_backend& backend) {
  return std::ranges::any_of(client.server_sessions(),
                             [&](const auto& each) { return each->shared_backend() == backend.name; });
}

/// Those that are there now and may be drained, but the one that asks.
std::vector<session::client_session_ptr> sessions_on(const found_backend& backend, const principal& who,
                                                     const execution_context& context) {
  auto targets = context.sessions.list();
  breather pause;
  std::erase_if(targets, [&](const auto& each) {
    pause.step();
    const bool is_self = who.cs_id != 0 && each->cs_id() == who.cs_id;
    return is_self || !is_on(*each, backend) || may(who, command_kind::drain, *each) != verdict::allowed;
  });
  return targets;
}

}  // namespace

result begin_backend_drain(const drain_backend& what, const principal& who, execution_context& context) {
  const auto found = find(what.cluster, what.backend, who, context);
  if (!found) return unknown_backend(what.cluster, what.backend);
  // First, so that no login slips in between.
  backend_drain why{.by = to_text(who), .reason = what.how.reason, .since = std::chrono::system_clock::now()};
  const auto before = context.proxy->set_drained(*found, why);
  const auto words = "backend " + found->name->text() + (found->cluster.empty() ? "" : " of cluster " + found->cluster);
  const auto begun = context.draining->begin(words, what.how, who, sessions_on(*found, who, context), true);
  if (!begun) {
    context.proxy->set_drained(*found, before);
    return too_many_drains();
  }
  why.number = begun->number;
  context.proxy->set_drained(*found, std::move(why));
  return to_table(*begun);
}

result end_backend_drain(const undrain_backend& what, const principal& who, execution_context& context) {
  const auto found = find(what.cluster, what.backend, who, context);
  if (!found) return unknown_backend(what.cluster, what.backend);
  const auto before = context.proxy->set_drained(*found, std::nullopt);
  if (!before) return acknowledgement{found->name->text() + " was not drained"};
  if (before->number != 0) context.draining->cancel(before->number);
  return acknowledgement{found->name->text() + " takes logins again"};
}

}  // namespace sessiongate::admin
