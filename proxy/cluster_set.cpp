#include "proxy/cluster_set.hpp"

#include <algorithm>

namespace sessiongate::proxy {

cluster_set::cluster_set(const config& settings, const auth_keys& keys, const tls_context& tls, poller& home) {
  for (const auto& each : settings.clusters) {
    auto& made = *all_.emplace_back(std::make_unique<cluster>(settings, each, keys, tls, home));
    for (const auto& tenant : each.tenants) tenants_.emplace(tenant, &made);
    for (const auto& server : made.backends()) controls_.emplace(server->name().get(), &made.control(*server));
  }
  standard_ = settings.default_cluster.empty() ? all_.front().get() : find_named(settings.default_cluster);
}

cluster* cluster_set::find_named(std::string_view name) const {
  const auto found = std::ranges::find_if(all_, [name](const auto& each) { return each->name() == name; });
  return found == all_.end() ? nullptr : found->get();
}

cluster* cluster_set::find(const session::login_name& name) const {
  return find(name, *standard_);
}

cluster* cluster_set::find(const session::login_name& name, cluster& present) const {
  if (!name.cluster.empty()) return standard_->name().empty() ? standard_ : find_named(name.cluster);
  const auto mapped = tenants_.find(name.tenant);
  return mapped == tenants_.end() ? &present : mapped->second;
}

const std::string& cluster_set::shown_name(const cluster& of, const session::login_name& name) {
  return of.name().empty() ? name.cluster : of.name();
}

const backend* cluster_set::backend_of(const session::server_session& of) const {
  for (const auto& owner : all_) {
    for (const auto& each : owner->backends()) {
      if (each->name() == of.shared_backend()) return each.get();
    }
  }
  return nullptr;
}

control_account* cluster_set::control_of(const session::server_session& of) const {
  const auto found = controls_.find(of.shared_backend().get());
  return found == controls_.end() ? nullptr : found->second;
}

bool cluster_set::has_control(const session::server_session& of) const {
  const auto* control = control_of(of);
  return control != nullptr && control->configured();
}

void cluster_set::learn(backend& from, const protocol::greeting& seen) {
  if (!from.learn(seen)) return;
  const std::lock_guard lock(learning_);
  offer_.store(work_out_offer());
}

protocol::greeting cluster_set::work_out_offer() const {
  auto base = standard_->last_greeting();
  for (const auto& each : all_) {
    if (base->flags == 0) base = each->last_greeting();
  }
  auto offered = *base;
  // That a server is MySQL's is no capability: MariaDB's servers leave the flag off.
  for (const auto& each : all_) {
    for (const auto& server : each->backends()) {
      if (const auto known = server->last_greeting(); known->flags != 0)
        offered.flags &= known->flags | protocol::client_mysql;
    }
  }
  return offered;
}

}  // namespace sessiongate::proxy
