// All clusters of the proxy, from its start to its end: which one a login is for, and what is behind a server session.
// Any thread.
#pragma once

#include "proxy/cluster.hpp"

#include "session/login_name.hpp"
#include "session/published.hpp"
#include "session/server_session.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sessiongate::proxy {

class cluster_set {
 public:
  /// `settings` has at least one cluster. All must outlive this.
  cluster_set(const config& settings, const auth_keys& keys, const tls_context& tls, poller& home);

  [[nodiscard]] const std::vector<std::unique_ptr<cluster>>& all() const { return all_; }
  /// Of logins that name none.
  [[nodiscard]] cluster& standard() const { return *standard_; }
  /// Where a login goes: by its cluster, else by its tenant when that has one, else to the standard cluster. Null: it
  /// names a cluster that is not here.
  [[nodiscard]] cluster* find(const session::login_name& name) const;
  /// What `name` means in the middle of a session: where neither its cluster nor its tenant tells, it stays in
  /// `present`.
  [[nodiscard]] cluster* find(const session::login_name& name, cluster& present) const;
  /// What is shown of a session there: the cluster's name, or the login's label where the cluster has none.
  [[nodiscard]] static const std::string& shown_name(const cluster& of, const session::login_name& name);

  /// Null: the server session is on no backend of this proxy.
  [[nodiscard]] control_account* control_of(const session::server_session& of) const;
  [[nodiscard]] const backend* backend_of(const session::server_session& of) const;
  [[nodiscard]] bool has_control(const session::server_session& of) const;

  /// A backend has greeted.
  void learn(backend& from, const protocol::greeting& seen);
  /// What clients can be offered before their cluster is known: the standard cluster's greeting, or the first that is
  /// known, without what another backend has not. Flags zero: no backend has greeted yet.
  [[nodiscard]] std::shared_ptr<const protocol::greeting> offer() const { return offer_.load(); }

 private:
  [[nodiscard]] cluster* find_named(std::string_view name) const;
  [[nodiscard]] protocol::greeting work_out_offer() const;

  std::vector<std::unique_ptr<cluster>> all_;
  cluster* standard_ = nullptr;
  boost::unordered_flat_map<std::string_view, cluster*> tenants_;
  boost::unordered_flat_map<const session::endpoint*, control_account*> controls_;  // by server_session::shared_backend
  std::mutex learning_;                                                             // one offer is worked out at a time
  session::published<protocol::greeting> offer_{protocol::greeting()};
};

}  // namespace sessiongate::proxy
