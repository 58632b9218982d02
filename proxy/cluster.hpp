// One cluster: backends that stand in for each other, and the control account that reaches each of them. Made with its
// settings, which outlive it; what changes is in the backends. Any thread.
#pragma once

#include "proxy/admission.hpp"
#include "proxy/backend.hpp"
#include "proxy/cluster_settings.hpp"
#include "proxy/control_account.hpp"
#include "proxy/credential_store.hpp"
#include "proxy/shared_pause.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sessiongate::proxy {

using backend_ptr = std::shared_ptr<backend>;

class cluster {
 public:
  /// `home` is the admin thread's: the control accounts' connections live there. All must outlive this.
  cluster(const config& settings, const cluster_settings& own, const auth_keys& keys, const tls_context& tls,
          poller& home);

  /// Empty: the only cluster, which takes any label.
  [[nodiscard]] const std::string& name() const { return own_.name; }
  [[nodiscard]] const cluster_settings& settings() const { return own_; }
  /// As they are configured.
  [[nodiscard]] const std::vector<backend_ptr>& backends() const { return backends_; }
  /// In the order in which a login tries them: those that are well, then those that are suspect; those that are down
  /// only when there is no other; never one that is drained. A backend that is not checked gets the one login that
  /// finds out whether it is back.
  [[nodiscard]] std::vector<backend_ptr> candidates() const;
  /// Of the first backend that has greeted; flags zero when none has.
  [[nodiscard]] std::shared_ptr<const protocol::greeting> last_greeting() const;

  /// Sessions that get another server session here at the moment.
  [[nodiscard]] connection_limit& recoveries() { return recoveries_; }
  /// While no backend can be reached, for those who wait for one.
  [[nodiscard]] shared_pause& away() { return away_; }

  [[nodiscard]] bool has_control() const { return !own_.control_user.empty(); }
  /// At that backend of the cluster.
  [[nodiscard]] control_account& control(const backend& of);
  [[nodiscard]] const std::vector<std::unique_ptr<control_account>>& controls() const { return controls_; }

  /// What the proxy has to log in there by itself.
  [[nodiscard]] credential_store& credentials() { return credentials_; }

 private:
  const cluster_settings& own_;
  std::vector<backend_ptr> backends_;
  connection_limit recoveries_;
  shared_pause away_;
  std::vector<std::unique_ptr<control_account>> controls_;  // one for each backend, in their order
  credential_store credentials_;
};

}  // namespace sessiongate::proxy
